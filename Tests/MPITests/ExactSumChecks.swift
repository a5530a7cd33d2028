import Collectives
import Diagnostics
import Testing
import Threading

/// Exact sums in the world at hand: the same bits as a world of one rank, which each rank computes
/// for itself.
struct ExactSumChecks {
    let world: any Communicator

    init(_ world: any Communicator) { self.world = world }

    func run() throws {
        for shardCount in [1, 5, 16] {
            for count in [1, 1500, 20_000] {
                for threads in [1, 2] {
                    try floats(shardCount, count, threads)
                    try doubles(shardCount, count / 10 + 1, threads)
                }
            }
        }
        try nonFinite()
    }

    private func floats(_ shardCount: Int, _ count: Int, _ threads: Int) throws {
        let shards = (0..<shardCount).map { shard in
            (0..<count).map { Float(value(shard, $0)) }
        }
        let sum = ExactSum(communicator: world, team: ThreadTeam(count: threads), shardCount: shardCount)
        let alone = ExactSum(
            communicator: SoloCommunicator(), team: ThreadTeam(count: 1), shardCount: shardCount)
        let expected = try sumOf(shards, alone)
        for mine in assignments(shardCount) {
            let result = try sumOf(mine.map { shards[$0] }, sum, count: count)
            #expect(result.map(\.bitPattern) == expected.map(\.bitPattern), "\(shardCount) × \(count)")
        }
    }

    private func doubles(_ shardCount: Int, _ count: Int, _ threads: Int) throws {
        let shards = (0..<shardCount).map { shard in (0..<count).map { value(shard, $0) } }
        let sum = ExactSum(communicator: world, team: ThreadTeam(count: threads), shardCount: shardCount)
        let alone = ExactSum(
            communicator: SoloCommunicator(), team: ThreadTeam(count: 1), shardCount: shardCount)
        let expected = try sumOf(shards, alone)
        for mine in assignments(shardCount) {
            let result = try sumOf(mine.map { shards[$0] }, sum, count: count)
            #expect(result.map(\.bitPattern) == expected.map(\.bitPattern), "\(shardCount) × \(count)")
        }
    }

    private func nonFinite() throws {
        let sum = ExactSum(communicator: world, team: ThreadTeam(count: 1), shardCount: world.size)
        var part = [Float](repeating: 1, count: 3000)
        if world.rank == world.size - 1 { part[2222] = .nan }
        let error = #expect(throws: LockstepError.self) { try sumOf([part], sum, count: 3000) }
        #expect(error?.code == .numerics)
        #expect(error?.description == "tensor w holds a NaN at step 3, first at element 2222")
    }

    /// The shards of this rank when they are dealt in turn, and when the last rank has all.
    private func assignments(_ shardCount: Int) -> [[Int]] {
        [
            (0..<shardCount).filter { $0 % world.size == world.rank },
            world.rank == world.size - 1 ? Array(0..<shardCount) : [],
        ]
    }

    /// Fixed values of many magnitudes.
    private func value(_ shard: Int, _ index: Int) -> Double {
        let mixed = UInt64(shard * 1_000_003 + index) &* 0x9E37_79B9_7F4A_7C15
        let unit = Double(Int64(bitPattern: mixed) >> 11) * 0x1p-52
        return unit * Double(sign: .plus, exponent: Int(mixed % 40) - 30, significand: 1)
    }
}

/// `ExactSum` with arrays in place of buffers.
private func sumOf(_ parts: [[Float]], _ sum: ExactSum, count: Int? = nil) throws -> [Float] {
    try withBuffers(parts, count: count) { buffers, result in
        try sum.sum(buffers, count: result.count, name: "w", step: 3, into: result)
    }
}

private func sumOf(_ parts: [[Double]], _ sum: ExactSum, count: Int? = nil) throws -> [Double] {
    try withBuffers(parts, count: count) { buffers, result in
        try sum.sum(buffers, count: result.count, name: "w", step: 3, into: result)
    }
}

private func withBuffers<Value>(
    _ parts: [[Value]], count: Int?,
    _ body: ([UnsafeMutableBufferPointer<Value>], UnsafeMutableBufferPointer<Value>) throws -> Void
) throws -> [Value] {
    let buffers = parts.map { part in
        let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: part.count)
        _ = buffer.initialize(from: part)
        return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    let count = count ?? parts.first?.count ?? 0
    return try [Value](unsafeUninitializedCapacity: count) { result, initialized in
        try body(buffers, UnsafeMutableBufferPointer(rebasing: result[..<count]))
        initialized = count
    }
}
