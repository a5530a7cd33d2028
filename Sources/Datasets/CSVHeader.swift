import Diagnostics
import Storage

/// The row of column names that a CSV file may begin with.
enum CSVHeader {
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The header row of the file behind `reader`, without its line end; `nil` when it has none.
    ///
    /// By `HeaderRule.auto` the first row is a header when no field of it is a number and some field of the
    /// second one is. A first row with one wrong value is thus an error and never dropped. Blank lines do
    /// not count as rows.
    static func find(in reader: BlockReader, rule: HeaderRule, delimiter: UInt8) throws -> [UInt8]? {
        guard rule != .absent else { return nil }
        try skipByteOrderMark(reader)
        guard let first = try nextRow(reader, delimiter) else { return nil }
        if rule == .present { return first }
        // A row of missing values only is no header either.
        guard !holdsNumber(first, delimiter), fields(first, delimiter).contains(where: { !$0.isEmpty }),
            let second = try nextRow(reader, delimiter)
        else { return nil }
        return holdsNumber(second, delimiter) ? first : nil
    }

    /// Passes over a byte order mark, and over `header` if the file begins with it.
    ///
    /// - Returns: the number of lines passed over.
    static func skip(_ header: [UInt8]?, in reader: BlockReader, delimiter: UInt8) throws -> Int {
        try skipByteOrderMark(reader)
        guard let header else { return 0 }
        let offset = reader.offset
        var lines = 0
        guard try nextRow(reader, delimiter, lines: &lines) == header else {
            try reader.seek(to: offset)
            return 0
        }
        return lines
    }

    /// The names in a header row.
    static func names(_ header: [UInt8], delimiter: UInt8) -> [String] {
        fields(header, delimiter).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func skipByteOrderMark(_ reader: BlockReader) throws {
        guard try reader.require(2) else { return }
        let start = reader.base + reader.start
        if (start[0] == 0xFF && start[1] == 0xFE) || (start[0] == 0xFE && start[1] == 0xFF) {
            throw LockstepError(.data, "\(reader.file.path) is UTF-16 text; save it as UTF-8")
        }
        guard try reader.require(3) else { return }
        let bytes = UnsafeBufferPointer(start: reader.base + reader.start, count: 3)
        if bytes.elementsEqual(byteOrderMark) { reader.start += 3 }
    }

    private static func nextRow(_ reader: BlockReader, _ delimiter: UInt8) throws -> [UInt8]? {
        var lines = 0
        return try nextRow(reader, delimiter, lines: &lines)
    }

    /// The next row that is not blank, without its line end; `nil` at the end of the file.
    private static func nextRow(
        _ reader: BlockReader, _ delimiter: UInt8, lines: inout Int
    ) throws -> [UInt8]? {
        let scanner = CSVRowScanner(delimiter: delimiter)
        while true {
            let base = UnsafePointer(reader.base)
            let start = base + reader.start
            let limit = base + reader.end + (reader.isAtEnd && reader.unreadCount > 0 ? 1 : 0)
            guard let row = scanner.row(at: start, limit: limit) else {
                guard !reader.isAtEnd else { return nil }
                _ = try reader.fill()
                continue
            }
            lines += row.lineCount
            reader.start = min(row.next - base, reader.end)
            if row.delimiterCount == 0, scanner.isBlank(start) { continue }
            var end = row.next - 1
            if end > start, (end - 1).pointee == 0x0D { end -= 1 }
            return [UInt8](UnsafeBufferPointer(start: start, count: end - start))
        }
    }

    /// Whether some field is a number, or a word for one that is not finite.
    private static func holdsNumber(_ row: [UInt8], _ delimiter: UInt8) -> Bool {
        let parser = DecimalParser()
        return fields(row, delimiter).contains { field in
            if case .malformed = field.withUnsafeBufferPointer(parser.parse) {
                return ["nan", "inf", "-inf"].contains(String(decoding: field, as: UTF8.self).lowercased())
            }
            return true
        }
    }

    private static func fields(_ row: [UInt8], _ delimiter: UInt8) -> [[UInt8]] {
        (row + [UInt8(ascii: "\n")]).withUnsafeBufferPointer { bytes in
            guard var start = bytes.baseAddress else { return [] }
            let limit = start + bytes.count
            var fields: [[UInt8]] = []
            while start < limit, let field = CSVField(at: start, limit: limit, delimiter: delimiter) {
                fields.append(field.text)
                start = field.next
                if field.endsRow { break }
            }
            return fields
        }
    }
}
