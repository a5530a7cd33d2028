import Collectives
import Threading

/// Random numbers for tests: SplitMix64 from a seed that failures print.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// What `ExactSum` adds: both element types, with what the tests need to know of them.
protocol Summand: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {
    static func sum(
        _ sum: ExactSum, _ parts: [UnsafeMutableBufferPointer<Self>], count: Int, name: String, step: Int,
        into result: UnsafeMutableBufferPointer<Self>) throws
    /// The error bound of docs/internals/exact-sums.md, for values that share an exponent.
    static func bound(_ values: [Self], shardCount: Int) -> Double
    static var blockLength: Int { get }
    var pattern: UInt64 { get }
}

extension Float: Summand {
    static func sum(
        _ sum: ExactSum, _ parts: [UnsafeMutableBufferPointer<Float>], count: Int, name: String, step: Int,
        into result: UnsafeMutableBufferPointer<Float>
    ) throws {
        try sum.sum(parts, count: count, name: name, step: step, into: result)
    }
    static func bound(_ values: [Float], shardCount: Int) -> Double {
        let largest = values.map(\.magnitude).max() ?? 0
        return Double(largest) * Double(shardCount) * powerOfTwo(headroomLimit(shardCount) - 31)
    }
    static var blockLength: Int { 1024 }
    var pattern: UInt64 { UInt64(bitPattern) }
}

extension Double: Summand {
    static func sum(
        _ sum: ExactSum, _ parts: [UnsafeMutableBufferPointer<Double>], count: Int, name: String, step: Int,
        into result: UnsafeMutableBufferPointer<Double>
    ) throws {
        try sum.sum(parts, count: count, name: name, step: step, into: result)
    }
    static func bound(_ values: [Double], shardCount: Int) -> Double {
        let largest = values.map(\.magnitude).max() ?? 0
        // The reference itself is a sum in Double.
        return largest * Double(shardCount) * (powerOfTwo(headroomLimit(shardCount) - 63) + 0x1p-52)
    }
    static var blockLength: Int { 1 }
    var pattern: UInt64 { bitPattern }
}

/// ⌈log2(V + 1)⌉: the headroom, or one bit more.
private func headroomLimit(_ shardCount: Int) -> Int { Double(shardCount).exponent + 1 }

private func powerOfTwo(_ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: 1)
}

/// Who holds which shard: `owners[shard]` is a rank.
struct Assignment: Sendable {
    let worldSize: Int
    let owners: [Int]
}

/// Sums `shards` in a loopback world; every rank's result.
func loopbackSums<Value: Summand>(
    _ shards: [[Value]], _ assignment: Assignment, threads: Int = 1, shardCount: Int? = nil,
    name: String = "w", step: Int = 7
) throws -> [[Value]] {
    try LoopbackWorld.run(size: assignment.worldSize) { communicator in
        let team = ThreadTeam(count: threads)
        let sum = ExactSum(
            communicator: communicator, team: team, shardCount: shardCount ?? shards.count)
        let mine = shards.indices.filter { assignment.owners[$0] == communicator.rank }
        return try exactSum(sum, mine.map { shards[$0] }, count: shards.first?.count ?? 0, name, step)
    }
}

/// One call with arrays in place of buffers.
func exactSum<Value: Summand>(
    _ sum: ExactSum, _ parts: [[Value]], count: Int, _ name: String = "w", _ step: Int = 7
) throws -> [Value] {
    let buffers = parts.map { part in
        let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: count)
        _ = buffer.initialize(from: part)
        return buffer
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    return try [Value](unsafeUninitializedCapacity: count) { result, initialized in
        let whole = UnsafeMutableBufferPointer(rebasing: result[..<count])
        try Value.sum(sum, buffers, count: count, name: name, step: step, into: whole)
        initialized = count
    }
}
