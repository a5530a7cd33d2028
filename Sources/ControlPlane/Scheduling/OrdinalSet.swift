/// A set of small numbers, kept in order: one bit each, and one for every 64 of them.
///
/// Entering and striking take constant time, and so does finding the next one in all but huge gaps.
package struct OrdinalSet: Sendable, Sequence {
    private var words: [UInt64] = []
    /// Which words are not zero.
    private var summary: [UInt64] = []
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Adds a number that is not negative.
    package mutating func insert(_ value: Int) {
        let word = value >> 6
        while words.count <= word { words.append(0) }
        while summary.count <= word >> 6 { summary.append(0) }
        let bit = UInt64(1) << UInt64(value & 63)
        guard words[word] & bit == 0 else { return }
        words[word] |= bit
        summary[word >> 6] |= 1 << UInt64(word & 63)
        count += 1
    }

    /// Takes a number out, if it is in.
    package mutating func remove(_ value: Int) {
        let word = value >> 6
        let bit = UInt64(1) << UInt64(value & 63)
        guard word < words.count, words[word] & bit != 0 else { return }
        words[word] &= ~bit
        if words[word] == 0 { summary[word >> 6] &= ~(1 << UInt64(word & 63)) }
        count -= 1
    }

    /// The smallest number that is not below `start`.
    package func next(from start: Int) -> Int? {
        let word = start >> 6
        guard word < words.count else { return nil }
        let rest = words[word] & (~0 << UInt64(start & 63))
        if rest != 0 { return word << 6 | rest.trailingZeroBitCount }
        var group = (word + 1) >> 6
        guard group < summary.count else { return nil }
        var open = summary[group] & (~0 << UInt64((word + 1) & 63))
        while open == 0 {
            group += 1
            guard group < summary.count else { return nil }
            open = summary[group]
        }
        let found = group << 6 | open.trailingZeroBitCount
        return found << 6 | words[found].trailingZeroBitCount
    }

    /// Goes through the numbers in order.
    package func makeIterator() -> Iterator { Iterator(set: self) }

    package struct Iterator: IteratorProtocol {
        let set: OrdinalSet
        var position = 0
        package mutating func next() -> Int? {
            guard let value = set.next(from: position) else { return nil }
            position = value + 1
            return value
        }
    }
}

extension OrdinalSet: Equatable {
    package static func == (a: OrdinalSet, b: OrdinalSet) -> Bool {
        a.count == b.count && a.elementsEqual(b)
    }
}
