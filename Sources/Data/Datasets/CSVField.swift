/// One field of a CSV row, without its quotes and the white space around it.
struct CSVField {
    private(set) var text: [UInt8] = []
    /// First byte after the field's delimiter or line feed.
    private(set) var next: UnsafePointer<UInt8>
    /// Whether a line feed ends the field, and so the row.
    private(set) var endsRow = false
    /// `false` when text follows the closing quote.
    private(set) var isWellFormed = true

    /// The field at `start`, or `nil` when it does not end before `limit`.
    init?(at start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>, delimiter: UInt8) {
        func isSpace(_ byte: UInt8) -> Bool { (byte == 0x20 || byte == 0x09) && byte != delimiter }
        var p = start
        while p < limit, isSpace(p.pointee) { p += 1 }
        let isQuoted = p < limit && p.pointee == UInt8(ascii: "\"")
        if isQuoted {
            p += 1
            while p < limit {
                if p.pointee == UInt8(ascii: "\"") {
                    p += 1
                    guard p < limit, p.pointee == UInt8(ascii: "\"") else { break }
                }
                text.append(p.pointee)
                p += 1
            }
            while p < limit, isSpace(p.pointee) { p += 1 }
            while let last = text.last, isSpace(last) { text.removeLast() }
            text.removeFirst(text.prefix(while: isSpace).count)
        }
        let rest = p
        while p < limit, p.pointee != delimiter, p.pointee != UInt8(ascii: "\n") { p += 1 }
        guard p < limit else { return nil }
        endsRow = p.pointee == UInt8(ascii: "\n")
        next = p + 1
        var end = p
        if endsRow, end > rest, (end - 1).pointee == 0x0D { end -= 1 }
        while end > rest, isSpace((end - 1).pointee) { end -= 1 }
        isWellFormed = !isQuoted || end == rest
        text.append(contentsOf: UnsafeBufferPointer(start: rest, count: end - rest))
    }
}
