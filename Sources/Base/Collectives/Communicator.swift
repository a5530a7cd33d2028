import Diagnostics

/// The ranks of one world, and what they can do together.
///
/// Every method marked *collective* must be called by all ranks, in the same order, with arguments of
/// the same size; a rank that throws instead must end the world (`abort`), or its peers wait for ever.
/// Integer reductions are associative, so their result does not depend on the world size.
/// Calls come from one thread of each rank at a time.
public protocol Communicator: AnyObject {
    /// This rank, 0 ..< size.
    var rank: Int { get }
    /// Number of ranks.
    var size: Int { get }
    /// The step in work, if any: named in the report when this rank ends the world.
    var step: Int? { get set }

    /// Bytes that make a good message: long beside the time that a message takes to start, short enough
    /// for a cache where that time is small. The same on every rank; results do not depend on it.
    var messageBytes: Int { get }

    /// Returns when all ranks have called it. Collective.
    func barrier() throws
    /// Copies `buffer` of rank `root` into that of all others. Collective; equal byte counts.
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws
    /// Everybody's bytes, in order of rank, at `root`; an empty array elsewhere. Collective; the
    /// byte counts may differ.
    func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]]
    /// Reduces in place, element by element; every rank gets the result. Collective.
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) throws
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) throws
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) throws
    /// Sends `sent` to rank `to` and meanwhile fills `received` with what rank `from` sends. Collective;
    /// the byte counts of a sender and its receiver are equal.
    func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) throws
    /// The world of the ranks that live, in their old order, when ranks have died; `nil` where this world
    /// cannot do without them. Every survivor calls it, and none uses the old world afterwards: the first
    /// call lets the calls of all others fail.
    func survivors() throws -> (any Communicator)?
    /// Ends every rank of the world at once with exit status `code`. Local; never returns.
    func abort(code: Int32) -> Never
}

/// Integer reductions. `sum` wraps around; exact sums keep clear of that by their headroom.
public enum ReduceOperation: Sendable {
    case sum, max, min
}

extension Communicator {
    /// For worlds that report no step: reads `nil` and ignores what is set.
    public var step: Int? {
        get { nil }
        set {}
    }

    public var messageBytes: Int { 1 << 18 }

    /// For worlds that end with any of their ranks.
    public func survivors() throws -> (any Communicator)? { nil }

    /// A slow exchange, for worlds without one of their own: everybody gets everything.
    public func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        let all = try allGather([UInt8](sent))
        guard all.indices.contains(from), all[from].count == received.count else {
            throw LockstepError(.bug, "rank \(from) does not send the bytes that rank \(rank) waits for")
        }
        received.copyBytes(from: all[from])
    }

    /// Variable-length broadcast: `bytes` of `root` on every rank. Collective.
    public func broadcast(bytes: [UInt8], root: Int) throws -> [UInt8] {
        var count = [Int64(bytes.count)]
        try count.withUnsafeMutableBytes { try broadcast($0, root: root) }
        var buffer = rank == root ? bytes : [UInt8](repeating: 0, count: Int(count[0]))
        try buffer.withUnsafeMutableBytes { try broadcast($0, root: root) }
        return buffer
    }

    /// Everybody's bytes, in order of rank, on every rank. Collective.
    public func allGather(_ bytes: [UInt8]) throws -> [[UInt8]] {
        let parts = try gather(bytes, root: 0)
        var counts = [Int64](repeating: 0, count: size)
        for (rank, part) in parts.enumerated() { counts[rank] = Int64(part.count) }
        try counts.withUnsafeMutableBytes { try broadcast($0, root: 0) }
        let joined = try broadcast(bytes: parts.flatMap { $0 }, root: 0)
        var offset = 0
        return counts.map { count in
            defer { offset += Int(count) }
            return [UInt8](joined[offset..<offset + Int(count)])
        }
    }

    /// The largest of everybody's values. Collective.
    public func maximum(_ value: Int64) throws -> Int64 {
        var buffer = [value]
        try buffer.withUnsafeMutableBufferPointer { try allReduce($0, .max) }
        return buffer[0]
    }

    /// The sum of everybody's values. Collective.
    public func total(_ value: Int64) throws -> Int64 {
        var buffer = [value]
        try buffer.withUnsafeMutableBufferPointer { try allReduce($0, .sum) }
        return buffer[0]
    }
}
