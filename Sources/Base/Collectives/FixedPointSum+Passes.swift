import Diagnostics
import Threading

/// Where a pass takes its integers from.
enum PassSource {
    case parts, integers, partsAndIntegers
}

/// Where a pass puts its sums.
enum PassTarget {
    case integers, values
}

extension FixedPointSum {
    /// Values that a thread must have for itself before another one is worth its wake-up.
    private static var valuesPerThread: Int { 1 << 16 }
    /// Values that go through a pass at a time: their integers stay in the first-level cache.
    private static var tileLength: Int { 1024 }

    /// Writes the exponents of the local parts.
    func scan(_ chunk: Chunk<Format>, _ task: SumTask) throws {
        try split(chunk, chunk.blocks, task) { piece in
            piece.exponents.update(repeating: 0, count: piece.blockCount)
            for part in piece.parts { Format.raise(piece.exponents, to: part, count: piece.count) }
        }
    }

    /// Quantizes, adds and restores what `source` and `target` ask for, in one pass over `blocks`.
    func convert(
        _ chunk: Chunk<Format>, _ blocks: Range<Int>, _ task: SumTask, from source: PassSource,
        to target: PassTarget
    ) throws {
        let headroom = headroom
        let blocksPerTile = Self.tileLength / Format.blockLength
        try split(chunk, blocks, task) { piece in
            for block in stride(from: 0, to: piece.blockCount, by: blocksPerTile) {
                let tile = piece.slice(block..<min(block + blocksPerTile, piece.blockCount))
                if source != .integers {
                    Format.quantize(
                        tile.parts, count: tile.count, exponents: tile.exponents, headroom: headroom,
                        into: tile.integers, adds: source == .partsAndIntegers)
                }
                if target == .values {
                    Format.restore(
                        tile.integers, count: tile.count, exponents: tile.exponents, headroom: headroom,
                        into: tile.result)
                }
            }
        }
    }

    /// Cuts `blocks` into one piece for each thread that is worth it, and runs `body` with the pieces.
    private func split(
        _ chunk: Chunk<Format>, _ blocks: Range<Int>, _ task: SumTask,
        _ body: @Sendable (Chunk<Format>) -> Void
    ) throws {
        let work = blocks.count * Format.blockLength * max(chunk.parts.count, 1)
        let pieces = max(1, min(task.team.count, work / Self.valuesPerThread, blocks.count))
        try task.team.run(pieces) { piece in
            let lower = blocks.lowerBound + blocks.count * piece / pieces
            let upper = blocks.lowerBound + blocks.count * (piece + 1) / pieces
            FloatingPointMode.withStandard { body(chunk.slice(lower..<upper)) }
        }
    }
}
