import Diagnostics
import Threading

/// The passes of an exact sum over one array, chunk by chunk, with its scratch memory.
///
/// A chunk goes through: scan (exponents of the local parts), MAX-allreduce of the exponents,
/// quantize, SUM-allreduce of the integers, restore. Chunks fit in the second-level cache, so that the
/// passes after the scan do not read memory again.
final class FixedPointSum<Format: FixedPointFormat> {
    let shardCount: Int
    let headroom: Int
    private let exponents = Scratch<Int16>()
    /// A chunk's integers, and behind those of the last chunk the number of shards.
    private let integers = Scratch<Format.Integer>()

    /// Bytes of integers in a chunk: part of the pattern of communication, so the same on all ranks.
    private static var chunkBytes: Int { 1 << 20 }

    init(shardCount: Int) {
        self.shardCount = shardCount
        headroom = Format.headroom(shardCount: shardCount)
    }

    func sum(
        _ parts: [UnsafeMutableBufferPointer<Format.Value>],
        into result: UnsafeMutableBufferPointer<Format.Value>, _ task: SumTask
    ) throws {
        precondition(parts.count <= shardCount, "a rank holds \(parts.count) of \(shardCount) shards")
        precondition(parts.allSatisfy { $0.count == task.count }, "\(task.name): parts of other sizes")
        precondition(result.count == task.count, "\(task.name): a result of another size")
        guard task.count > 0, let base = result.baseAddress else { return }
        let sources = parts.compactMap { $0.baseAddress.map { UnsafePointer($0) } }
        let length = Self.chunkBytes / MemoryLayout<Format.Integer>.stride
        for start in stride(from: 0, to: task.count, by: length) {
            let chunk = Chunk<Format>(
                start: start, count: min(length, task.count - start),
                parts: sources.map { $0 + start }, result: base + start)
            try sum(chunk, task)
        }
    }

    private func sum(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        let exponents = exponents.buffer(chunk.blockCount)
        let integers = integers.buffer(chunk.count + 1)
        let isLast = chunk.start + chunk.count == task.count
        integers[chunk.count] = Format.Integer(chunk.parts.count)

        try scan(chunk, task, into: exponents)
        if task.communicator.size > 1 { try task.communicator.allReduce(exponents, .max) }
        try checkFinite(chunk, task, exponents)
        try quantize(chunk, task, exponents, into: integers)
        if task.communicator.size > 1 {
            let sent = UnsafeMutableBufferPointer(start: integers.baseAddress, count: chunk.count + (isLast ? 1 : 0))
            try Format.reduce(sent, task.communicator)
        }
        if isLast { try checkShards(Int(integers[chunk.count]), task) }
        try restore(chunk, task, exponents, integers)
    }
}

/// A range of an array, and the parts and the result there.
///
/// `@unchecked Sendable`: the pointers outlive the call of `sum`, which outlives every use of a chunk;
/// threads only read the parts and write to ranges of the result that do not overlap.
struct Chunk<Format: FixedPointFormat>: @unchecked Sendable {
    let start: Int
    let count: Int
    let parts: [UnsafePointer<Format.Value>]
    let result: UnsafeMutablePointer<Format.Value>

    var blockCount: Int { (count + Format.blockLength - 1) / Format.blockLength }
}

/// Memory that is kept from one call to the next.
final class Scratch<Element: BitwiseCopyable> {
    private var memory = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

    deinit { memory.deallocate() }

    /// `count` elements of unspecified content; valid until the next call.
    func buffer(_ count: Int) -> UnsafeMutableBufferPointer<Element> {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(capacity: count)
        }
        return UnsafeMutableBufferPointer(rebasing: memory[..<count])
    }
}
