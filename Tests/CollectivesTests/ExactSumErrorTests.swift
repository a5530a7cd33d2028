import Collectives
import Diagnostics
import Testing
import Threading

@Suite struct ExactSumErrorTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        let name: String
        let shard: Int
        let values: [Int: Double]
        let message: String
        var testDescription: String { name }
    }

    static let faults: [Fault] = [
        Fault(
            name: "a NaN", shard: 2, values: [1030: .nan],
            message: "tensor grad holds a NaN at step 12, first at element 1030"),
        Fault(
            name: "an infinity", shard: 0, values: [0: .infinity],
            message: "tensor grad holds an infinity at step 12, first at element 0"),
        Fault(
            name: "minus infinity", shard: 1, values: [4999: -.infinity],
            message: "tensor grad holds an infinity at step 12, first at element 4999"),
        Fault(
            name: "both, of which the first is named", shard: 1, values: [17: -.infinity, 900: .nan],
            message: "tensor grad holds an infinity at step 12, first at element 17"),
        Fault(
            name: "a signalling NaN", shard: 1, values: [77: .signalingNaN],
            message: "tensor grad holds a NaN at step 12, first at element 77"),
    ]

    @Test("A value that is not finite is the same error on every rank", arguments: faults)
    func nonFiniteValues(_ fault: Fault) throws {
        for size in [1, 2, 3, 5] {
            for threads in [1, 2] {
                #expect(
                    try errors(Float.self, fault, size, threads)
                        == Array(repeating: fault.message, count: size))
                #expect(
                    try errors(Double.self, fault, size, threads)
                        == Array(repeating: fault.message, count: size))
            }
        }
    }

    private func errors<Value: Summand>(
        _ type: Value.Type, _ fault: Fault, _ size: Int, _ threads: Int
    ) throws -> [String] {
        var shards = Array(repeating: [Value](repeating: 1, count: 5000), count: 3)
        for (index, value) in fault.values { shards[fault.shard][index] = Value(value) }
        return try errors(shards, owners: (0..<3).map { $0 % size }, size, threads: threads)
    }

    /// Every rank's message; the code is checked here.
    private func errors<Value: Summand>(
        _ shards: [[Value]], owners: [Int], _ size: Int, threads: Int = 1, shardCount: Int? = nil,
        code: LockstepError.Code = .numerics
    ) throws -> [String] {
        try LoopbackWorld.run(size: size) { communicator in
            let sum = ExactSum(
                communicator: communicator, team: ThreadTeam(count: threads),
                shardCount: shardCount ?? shards.count)
            let mine = shards.indices.filter { owners[$0] == communicator.rank }
            do {
                _ = try exactSum(sum, mine.map { shards[$0] }, count: shards[0].count, "grad", 12)
                return "no error"
            } catch let error as LockstepError {
                #expect(error.code == code)
                return error.description
            }
        }
    }

    @Test("A sum beyond the range of the type is the same error on every rank", arguments: [1, 2, 3])
    func sumsOutOfRange(_ size: Int) throws {
        var floats = Array(repeating: [Float](repeating: 1, count: 12_000), count: 3)
        floats[0][2100] = .greatestFiniteMagnitude
        floats[2][2100] = 0x1p103
        #expect(
            try errors(floats, owners: (0..<3).map { $0 % size }, size)
                == Array(
                    repeating:
                        "the sum of tensor grad leaves the range of Float at step 12, first at element 2100",
                    count: size))
        floats[2][2100] = 0x1p102
        #expect(try errors(floats, owners: (0..<3).map { $0 % size }, size)[0] == "no error")

        var doubles = Array(repeating: [Double](repeating: 1, count: 300), count: 2)
        doubles[0][299] = -.greatestFiniteMagnitude
        doubles[1][299] = -0x1p970
        #expect(
            try errors(doubles, owners: [0, size - 1], size)
                == Array(
                    repeating:
                        "the sum of tensor grad leaves the range of Double at step 12, first at element 299",
                    count: size))
        doubles[1][299] = -0x1p969
        #expect(try errors(doubles, owners: [0, size - 1], size)[0] == "no error")
    }

    @Test("More parts than the headroom was made for are refused")
    func tooManyParts() throws {
        let shards = Array(repeating: [Float](repeating: 1, count: 10), count: 5)
        let messages = try errors(shards, owners: [0, 0, 0, 1, 1], 2, shardCount: 4, code: .bug)
        let message = "the ranks hold 5 parts of tensor grad at step 12, but the job has 4 logical shards"
        #expect(messages == [message, message])
    }

    @Test("After an error the next sum is right")
    func nextSumAfterAnError() throws {
        let sums = try LoopbackWorld.run(size: 2) { communicator in
            let sum = ExactSum(communicator: communicator, team: ThreadTeam(count: 2), shardCount: 2)
            let bad = [Float](repeating: .nan, count: 600_000)
            #expect(throws: LockstepError.self) { try exactSum(sum, [bad], count: bad.count) }
            return try exactSum(sum, [[Float(communicator.rank), 2]], count: 2)
        }
        #expect(sums == [[1, 4], [1, 4]])
    }

    @Test("An array without elements sums to nothing")
    func emptyArray() throws {
        let sums = try loopbackSums([[Float](), []], Assignment(worldSize: 2, owners: [0, 1]))
        #expect(sums == [[], []])
    }
}
