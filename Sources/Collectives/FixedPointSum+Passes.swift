import Diagnostics
import Synchronization
import Threading

extension FixedPointSum {
    /// Values that a thread must have for itself before another one is worth its wake-up.
    private static var valuesPerThread: Int { 1 << 16 }

    func scan(
        _ chunk: Chunk<Format>, _ task: SumTask, into exponents: UnsafeMutableBufferPointer<Int16>
    ) throws {
        nonisolated(unsafe) let exponents = exponents
        try split(chunk, task) { piece, block in
            guard let exponents = exponents.baseAddress.map({ $0 + block }) else { return }
            exponents.update(repeating: 0, count: piece.blockCount)
            for part in piece.parts { Format.raise(exponents, to: part, count: piece.count) }
        }
    }

    func quantize(
        _ chunk: Chunk<Format>, _ task: SumTask, _ exponents: UnsafeMutableBufferPointer<Int16>,
        into integers: UnsafeMutableBufferPointer<Format.Integer>
    ) throws {
        nonisolated(unsafe) let exponents = exponents
        nonisolated(unsafe) let integers = integers
        let headroom = headroom
        try split(chunk, task) { piece, block in
            guard let exponents = exponents.baseAddress, let integers = integers.baseAddress else { return }
            Format.quantize(
                piece.parts, count: piece.count, exponents: exponents + block, headroom: headroom,
                into: integers + (piece.start - chunk.start))
        }
    }

    /// - Throws: `LockstepError(.numerics)` when a sum is out of range: on every rank, since the
    ///   integers are the same everywhere.
    func restore(
        _ chunk: Chunk<Format>, _ task: SumTask, _ exponents: UnsafeMutableBufferPointer<Int16>,
        _ integers: UnsafeMutableBufferPointer<Format.Integer>
    ) throws {
        nonisolated(unsafe) let exponents = exponents
        nonisolated(unsafe) let integers = integers
        let headroom = headroom
        let firstOutOfRange = Atomic<Int>(Int.max)
        try split(chunk, task) { piece, block in
            guard let exponents = exponents.baseAddress, let integers = integers.baseAddress else { return }
            let index = Format.restore(
                integers + (piece.start - chunk.start), count: piece.count, exponents: exponents + block,
                headroom: headroom, into: piece.result)
            if let index { firstOutOfRange.min(piece.start + index, ordering: .relaxed) }
        }
        let index = firstOutOfRange.load(ordering: .relaxed)
        guard index < Int.max else { return }
        throw LockstepError(
            .numerics,
            "the sum of tensor \(task.name) leaves the range of \(Format.typeName) at step \(task.step), "
                + "first at element \(index)")
    }

    /// Cuts the chunk into one piece for each thread, at the bounds of blocks, and runs `body` with the
    /// piece and the number of its first block.
    private func split(
        _ chunk: Chunk<Format>, _ task: SumTask, _ body: @Sendable (Chunk<Format>, _ block: Int) -> Void
    ) throws {
        let work = chunk.count * max(chunk.parts.count, 1)
        let pieces = max(1, min(task.team.count, work / Self.valuesPerThread, chunk.blockCount))
        try task.team.run(pieces) { piece in
            let blocks = chunk.blockCount * piece / pieces..<chunk.blockCount * (piece + 1) / pieces
            let offset = blocks.lowerBound * Format.blockLength
            let end = min(blocks.upperBound * Format.blockLength, chunk.count)
            let range = Chunk<Format>(
                start: chunk.start + offset, count: end - offset, parts: chunk.parts.map { $0 + offset },
                result: chunk.result + offset)
            FloatingPointMode.withStandard { body(range, blocks.lowerBound) }
        }
    }
}

extension FixedPointSum {
    /// - Throws: `LockstepError(.numerics)` when the world's exponents tell of a value that is not
    ///   finite. The ranks then agree on the first such element.
    func checkFinite(
        _ chunk: Chunk<Format>, _ task: SumTask, _ exponents: UnsafeMutableBufferPointer<Int16>
    ) throws {
        guard exponents.contains(Format.nonFiniteExponent) else { return }
        var first = Int64.max
        for part in chunk.parts {
            guard let found = Format.firstNonFinite(part, count: chunk.count) else { continue }
            first = min(first, Int64(chunk.start + found.index) * 2 + (found.isNaN ? 0 : 1))
        }
        if task.communicator.size > 1 {
            try withUnsafeMutablePointer(to: &first) {
                try task.communicator.allReduce(UnsafeMutableBufferPointer(start: $0, count: 1), .min)
            }
        }
        throw LockstepError(
            .numerics,
            "tensor \(task.name) holds \(first % 2 == 0 ? "a NaN" : "an infinity") at step \(task.step), "
                + "first at element \(first / 2)")
    }

    /// More shards than the headroom was made for could have wrapped the integers.
    func checkShards(_ total: Int, _ task: SumTask) throws {
        guard total > shardCount else { return }
        throw LockstepError(
            .bug,
            "the ranks hold \(total) parts of tensor \(task.name) at step \(task.step), but the job has "
                + "\(shardCount) logical shards")
    }
}
