/// A range of an array in work: the local parts there, the scratch memory and the result.
///
/// `@unchecked Sendable`: the pointers outlive the call of `sum`, which outlives every use of a chunk;
/// threads read the parts, and write to ranges of blocks that do not overlap.
struct Chunk<Format: FixedPointFormat>: @unchecked Sendable {
    /// Index of the first value in its array.
    let start: Int
    let count: Int
    let parts: [UnsafePointer<Format.Value>]
    let result: UnsafeMutablePointer<Format.Value>
    /// One for each block.
    let exponents: UnsafeMutablePointer<Int16>
    /// One for each value.
    let integers: UnsafeMutablePointer<Format.Integer>

    var blockCount: Int { (count + Format.blockLength - 1) / Format.blockLength }
    var blocks: Range<Int> { 0..<blockCount }

    func integers(_ blocks: Range<Int>) -> UnsafeMutableBufferPointer<Format.Integer> {
        let range = range(blocks)
        return UnsafeMutableBufferPointer(start: integers + range.lowerBound, count: range.count)
    }

    func values(_ blocks: Range<Int>) -> UnsafeMutableBufferPointer<Format.Value> {
        let range = range(blocks)
        return UnsafeMutableBufferPointer(start: result + range.lowerBound, count: range.count)
    }

    /// The part of the chunk that `blocks` make up.
    func slice(_ blocks: Range<Int>) -> Chunk {
        let range = range(blocks)
        return Chunk(
            start: start + range.lowerBound, count: range.count, parts: parts.map { $0 + range.lowerBound },
            result: result + range.lowerBound, exponents: exponents + blocks.lowerBound,
            integers: integers + range.lowerBound)
    }

    private func range(_ blocks: Range<Int>) -> Range<Int> {
        let lower = min(blocks.lowerBound * Format.blockLength, count)
        return lower..<min(blocks.upperBound * Format.blockLength, count)
    }
}

/// Memory that is kept from one call to the next.
final class Scratch<Element: BitwiseCopyable> {
    private var buffer = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)

    deinit { buffer.deallocate() }

    /// At least `count` elements of unspecified content, valid until the next call; `nil` for none.
    func memory(_ count: Int) -> UnsafeMutablePointer<Element>? {
        if buffer.count < count {
            buffer.deallocate()
            buffer = .allocate(capacity: count)
        }
        return buffer.baseAddress
    }
}
