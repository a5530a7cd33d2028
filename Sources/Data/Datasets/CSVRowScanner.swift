/// Finds where rows of CSV end and counts their fields, eight bytes at a time.
///
/// Quotes follow RFC 4180: a field that starts with `"` runs to the next `"` that is not doubled, over
/// delimiters and line feeds. Line feed and carriage return with line feed both end a row.
struct CSVRowScanner {
    struct Row {
        /// First byte after the row's line feed.
        var next: UnsafePointer<UInt8>
        var delimiterCount: Int
        /// Line feeds in the row, its own last one included.
        var lineCount: Int
    }

    let delimiter: UInt8
    private let delimiterWord: UInt64
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let quotes = ones &* UInt64(UInt8(ascii: "\""))
    private static let lineFeeds = ones &* UInt64(UInt8(ascii: "\n"))

    init(delimiter: UInt8) {
        self.delimiter = delimiter
        delimiterWord = Self.ones &* UInt64(delimiter)
    }

    /// The row at `start`, or `nil` when its line feed does not lie before `limit`.
    ///
    /// Up to eight bytes from `limit` on are read, and must not matter.
    @inline(__always)
    func row(at start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>) -> Row? {
        var p = start
        var delimiters = 0
        while p < limit {
            let word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
            if Self.matches(word, Self.quotes) != 0 { return quotedRow(at: start, limit: limit) }
            let ends = Self.matches(word, Self.lineFeeds)
            let found = Self.matches(word, delimiterWord)
            if ends == 0 {
                delimiters &+= found.nonzeroBitCount
                p += 8
                continue
            }
            let next = p + (ends.trailingZeroBitCount >> 3) + 1
            guard next <= limit else { return nil }
            delimiters &+= (found & ((ends & (0 &- ends)) &- 1)).nonzeroBitCount
            return Row(next: next, delimiterCount: delimiters, lineCount: 1)
        }
        return nil
    }

    /// Whether the row at `start`, which has no delimiter, holds nothing but white space.
    func isBlank(_ start: UnsafePointer<UInt8>) -> Bool {
        var p = start
        while p.pointee == 0x20 || p.pointee == 0x09 || p.pointee == 0x0D {
            guard p.pointee != delimiter else { return false }
            p += 1
        }
        return p.pointee == UInt8(ascii: "\n")
    }

    /// The same as `row(at:limit:)`, byte by byte, for rows with a quote.
    @inline(never)
    private func quotedRow(at start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>) -> Row? {
        var row = Row(next: start, delimiterCount: 0, lineCount: 0)
        var isFieldStart = true
        var isQuoted = false
        while row.next < limit {
            let byte = row.next.pointee
            row.next += 1
            if byte == UInt8(ascii: "\n") { row.lineCount += 1 }
            if isQuoted {
                // A doubled quote closes and opens again.
                if byte == UInt8(ascii: "\"") { isQuoted = false }
            } else if byte == UInt8(ascii: "\n") {
                return row
            } else if byte == delimiter {
                row.delimiterCount += 1
                isFieldStart = true
                continue
            } else if byte == UInt8(ascii: "\"") {
                isQuoted = isFieldStart || (row.next - 2)[0] == UInt8(ascii: "\"")
            }
            if byte != 0x20, byte != 0x09 { isFieldStart = false }
        }
        return nil
    }

    /// The high bit of each byte in which `word` equals `pattern`, and no other bit.
    @inline(__always)
    private static func matches(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        let difference = word ^ pattern
        return ~(((difference & low) &+ low) | difference | low)
    }
}
