import Diagnostics
import Threading

/// The passes of an exact sum over one array, chunk by chunk, with its scratch memory.
///
/// Every chunk goes through
///   (a) scan: the exponents of the local parts;
///   (b) agree: MAX-allreduce of the exponents, and a check that all values are finite;
///   (c) add: the integers of all shards, by one of three ways with the same result;
///   (d) check: that the sums are in range.
/// Chunks bound the scratch memory and keep it near the caches. They are not shorter than that needs:
/// each costs some meetings of all ranks, and those are dear where ranks share cores.
final class FixedPointSum<Format: FixedPointFormat> {
    let shardCount: Int
    let headroom: Int
    private let exponentScratch = Scratch<Int16>()
    private let integerScratch = Scratch<Format.Integer>()
    /// The local number of parts with which the world last found its shards to be few enough.
    private var verifiedParts: Int?

    init(shardCount: Int) {
        self.shardCount = shardCount
        headroom = Format.headroom(shardCount: shardCount)
    }

    /// Values in a chunk, of which each rank sums a slice as long as a message.
    private static func chunkLength(_ communicator: any Communicator) -> Int {
        let bytes = min(communicator.messageBytes * max(communicator.size, 4), 1 << 26)
        return bytes / MemoryLayout<Format.Integer>.stride
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
        let length = min(task.count, Self.chunkLength(task.communicator))
        // One more than the blocks: see `agree`.
        guard let exponents = exponentScratch.memory(length / Format.blockLength + 2),
            let integers = integerScratch.memory(length)
        else { return }
        for start in stride(from: 0, to: task.count, by: length) {
            let chunk = Chunk<Format>(
                start: start, count: min(length, task.count - start), parts: sources.map { $0 + start },
                result: base + start, exponents: exponents, integers: integers)
            try sum(chunk, task)
        }
    }

    private func sum(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        try scan(chunk, task)
        try agree(chunk, task)
        try checkFinite(chunk, task)
        let size = task.communicator.size
        if size == 1 {
            try convert(chunk, chunk.blocks, task, from: .parts, to: .values)
        } else if chunk.blockCount * Format.blockLength < 2048 * size {
            try addAtOnce(chunk, task)
        } else {
            try addInRing(chunk, task)
        }
        try checkRange(chunk, task)
    }

    /// Makes the local exponents those of the world. Collective.
    ///
    /// One more number goes along: whether any rank's number of parts has changed. Then the ranks add up
    /// their parts, for more of them than the headroom was made for could wrap the integers.
    private func agree(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        guard task.communicator.size > 1 else { return }
        chunk.exponents[chunk.blockCount] = chunk.parts.count == verifiedParts ? 0 : 1
        try task.communicator.allReduce(
            UnsafeMutableBufferPointer(start: chunk.exponents, count: chunk.blockCount + 1), .max)
        guard chunk.exponents[chunk.blockCount] > 0 else { return }
        verifiedParts = nil
        let total = try task.communicator.total(Int64(chunk.parts.count))
        guard total <= shardCount else {
            throw LockstepError(
                .bug,
                "the ranks hold \(total) parts of tensor \(task.name) at step \(task.step), but the job has "
                    + "\(shardCount) logical shards")
        }
        verifiedParts = chunk.parts.count
    }

    /// The short way: few messages.
    private func addAtOnce(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        try convert(chunk, chunk.blocks, task, from: .parts, to: .integers)
        try Format.reduce(
            UnsafeMutableBufferPointer(start: chunk.integers, count: chunk.count), task.communicator)
        try convert(chunk, chunk.blocks, task, from: .integers, to: .values)
    }

    /// The long way: a ring in which each rank sums one slice of the chunk and restores only that.
    ///
    /// In the first turn the sums of slices wander: each rank adds its own parts to what it gets, and
    /// passes it on. In the second turn the finished values wander. As much goes over the wire as in any
    /// good allreduce, and each part is read, scaled and added in one pass.
    private func addInRing(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        let world = task.communicator
        let (rank, size) = (world.rank, world.size)
        func blocks(_ slice: Int) -> Range<Int> {
            let slice = (slice + 2 * size) % size
            return chunk.blockCount * slice / size..<chunk.blockCount * (slice + 1) / size
        }
        let (next, previous) = ((rank + 1) % size, (rank + size - 1) % size)
        try convert(chunk, blocks(rank - 1), task, from: .parts, to: .integers)
        for turn in 1..<size {
            let (leaving, coming) = (blocks(rank - turn), blocks(rank - turn - 1))
            try world.exchange(
                UnsafeRawBufferPointer(chunk.integers(leaving)), to: next,
                UnsafeMutableRawBufferPointer(chunk.integers(coming)), from: previous)
            let isLast = turn == size - 1
            try convert(chunk, coming, task, from: .partsAndIntegers, to: isLast ? .values : .integers)
        }
        for turn in 0..<size - 1 {
            try world.exchange(
                UnsafeRawBufferPointer(chunk.values(blocks(rank - turn))), to: next,
                UnsafeMutableRawBufferPointer(chunk.values(blocks(rank - turn - 1))), from: previous)
        }
    }
}
