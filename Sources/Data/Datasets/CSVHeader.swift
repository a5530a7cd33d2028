import Diagnostics
import Storage

/// The row of column names that a CSV file may begin with.
enum CSVHeader {
    /// The header row of the file behind `reader`, without its line end; `nil` when it has none. Blank lines
    /// do not count as rows.
    ///
    /// - Throws: `LockstepError(.data)` when the first row, or a name in it, is one that tools write unasked:
    ///   numbers of columns or rows are neither records nor features.
    static func find(in reader: BlockReader, rule: HeaderRule, delimiter: UInt8) throws -> [UInt8]? {
        try TextFileStart.pass(reader)
        var line = 0
        guard let first = try nextRow(reader, delimiter, lines: &line) else { return nil }
        let path = reader.file.path
        try TextFileStart.refuseLoneReturns(in: first, path: path)
        guard rule != .absent else { return nil }
        var later = line
        let second = rule == .present ? nil : try nextRow(reader, delimiter, lines: &later)
        let rows = CSVFirstRows(path: path, delimiter: delimiter, line: line, first: first, second: second)
        if rule == .auto {
            try rows.refuseColumnNumbers()
            guard rows.beginWithHeader else { return nil }
        }
        try rows.refuseRowNumbers()
        return first
    }

    /// Passes over a byte order mark, and over the channel's header if the file begins with it.
    ///
    /// - Returns: the number of lines passed over.
    /// - Throws: `LockstepError(.data)` when the file begins with another header than the first one.
    static func skip(in reader: BlockReader, plan: ReadingPlan) throws -> Int {
        try TextFileStart.pass(reader)
        let offset = reader.offset
        var lines = 0
        guard let row = try nextRow(reader, plan.delimiter, lines: &lines) else {
            try reader.seek(to: offset)
            return 0
        }
        if row == plan.header { return lines }
        try TextFileStart.refuseLoneReturns(in: row, path: reader.file.path)
        if try isHeader(row, of: reader, line: lines, plan: plan) { return lines }
        try reader.seek(to: offset)
        return 0
    }

    /// The names in a header row, at most `count`.
    static func names(_ header: [UInt8], delimiter: UInt8, count: Int) -> [String] {
        CSVFields.first(count, of: header, delimiter).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the first row of a later file has the names of the channel's header, spelled otherwise.
    private static func isHeader(
        _ row: [UInt8], of reader: BlockReader, line: Int, plan: ReadingPlan
    ) throws -> Bool {
        let path = reader.file.path
        guard path != plan.leader, CSVFields.areNames(row, plan.delimiter) else { return false }
        guard let header = plan.header else {
            var later = line
            let second = try nextRow(reader, plan.delimiter, lines: &later)
            let rows = CSVFirstRows(
                path: path, delimiter: plan.delimiter, line: line, first: row, second: second)
            guard rows.beginWithHeader else { return false }
            throw LockstepError(
                .data,
                "\(path), line \(line) names the columns, and \(plan.leader) has no such row; give all files "
                    + "the same header, or none")
        }
        let names = CSVFields.first(.max, of: row, plan.delimiter)
        let wanted = CSVFields.first(.max, of: header, plan.delimiter)
        if names == wanted { return true }
        let column = zip(names, wanted).prefix { $0 == $1 }.count
        let found = column < names.count ? "'\(TextError.shown(names[column]))'" : "no name"
        let there = column < wanted.count ? "'\(TextError.shown(wanted[column]))'" : "no name"
        throw LockstepError(
            .data,
            "\(path), line \(line), column \(column + 1) has \(found) where the header of "
                + "\(plan.leader) has \(there); give all files the same columns in the same order")
    }

    /// The next row that is not blank, without its line end; `nil` at the end of the file.
    static func nextRow(
        _ reader: BlockReader, _ delimiter: UInt8, lines: inout Int
    ) throws -> [UInt8]? {
        let scanner = CSVRowScanner(delimiter: delimiter)
        while true {
            let base = UnsafePointer(reader.base)
            let start = base + reader.start
            let limit = base + reader.end + (reader.isAtEnd && reader.unreadCount > 0 ? 1 : 0)
            guard let row = scanner.row(at: start, limit: limit) else {
                guard !reader.isAtEnd else { return nil }
                reader.line = lines + 1
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
}
