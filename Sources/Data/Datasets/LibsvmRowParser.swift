import Diagnostics

/// Reads rows of libsvm text: `label index:value index:value … # comment`.
///
/// Indices are taken as they are, from 0. They may come in any order and are sorted; one that comes
/// twice is an error. The last row read lies in the properties.
struct LibsvmRowParser {
    let path: String
    private(set) var label: Float?
    private(set) var columns: [Int32] = []
    private(set) var values: [Float] = []
    private let decimal = DecimalParser()
    /// Labels a row: 0 or 1 when stated. Otherwise a row must have one, because `0:1 …` may be a row
    /// without label as well as a label with a weight.
    private let labelCount: Int?

    /// - Parameter labelCount: labels a row, when the content type says it.
    init(path: String, labelCount: Int? = nil) {
        self.path = path
        self.labelCount = labelCount
    }

    /// Reads the line at `cursor` and moves `cursor` behind its line feed.
    ///
    /// - Returns: `false` for a line that is blank or all comment.
    /// - Throws: `LockstepError(.data)` naming file, line and column: the word's number in the line.
    mutating func readRow(_ cursor: inout UnsafePointer<UInt8>, line: Int) throws -> Bool {
        label = nil
        columns.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        var p = cursor
        var column = 0
        while true {
            while Self.isSpace(p) { p += 1 }
            if p.pointee == UInt8(ascii: "#") {
                while p.pointee != UInt8(ascii: "\n") { p += 1 }
            }
            if p.pointee == UInt8(ascii: "\n") { break }
            column += 1
            try readWord(&p, line: line, column: column)
        }
        cursor = p + 1
        if column > 0 { try sortEntries(line: line) }
        return column > 0
    }

    private mutating func readWord(_ p: inout UnsafePointer<UInt8>, line: Int, column: Int) throws {
        let start = p
        var index = 0
        while p.pointee &- UInt8(ascii: "0") <= 9, p - start < 18 {
            index = index &* 10 &+ Int(p.pointee &- UInt8(ascii: "0"))
            p += 1
        }
        let isPair = p > start && p.pointee == UInt8(ascii: ":")
        guard column == 1 ? isPair == (labelCount == 0) : isPair else {
            throw notPair(start, line: line, column: column)
        }
        p = isPair ? p + 1 : start
        var value: Float = 0
        let valueStart = p
        if !decimal.scan(&p, into: &value) || !Self.isWordEnd(p) {
            let text = Self.word(valueStart)
            if text.contains(UInt8(ascii: ":")) { throw notPair(start, line: line, column: column) }
            let outcome = text.withUnsafeBufferPointer { decimal.parse($0) }
            guard case .number(let parsed) = outcome else {
                throw TextError.field(text, outcome, path: path, line: line, column: column)
            }
            value = parsed
            p = valueStart + text.count
        }
        guard isPair else {
            label = value
            return
        }
        guard index < Int(Int32.max) else {
            throw LockstepError(
                .data,
                "\(path), line \(line), column \(column): feature index \(index) is beyond the largest, "
                    + "\(Int32.max - 1)")
        }
        columns.append(Int32(index))
        values.append(value)
    }

    private mutating func sortEntries(line: Int) throws {
        guard columns.count > 1 else { return }
        var isAscending = true
        for position in 1..<columns.count where columns[position - 1] >= columns[position] {
            isAscending = false
        }
        if isAscending { return }
        let order = columns.indices.sorted { columns[$0] < columns[$1] }
        columns = order.map { columns[$0] }
        values = order.map { values[$0] }
        for position in 1..<columns.count where columns[position - 1] == columns[position] {
            throw LockstepError(
                .data, "\(path), line \(line): feature index \(columns[position]) appears twice")
        }
    }

    private func notPair(_ start: UnsafePointer<UInt8>, line: Int, column: Int) -> LockstepError {
        let word = Self.word(start)
        let text = "'\(TextError.shown(word))'"
        let colons = word.filter { $0 == UInt8(ascii: ":") }.count
        var what = "is not INDEX:VALUE"
        if word.starts(with: "qid:".utf8) {
            what += ": it groups records for ranking, which is not read; leave it out"
        } else if column == 1, colons > 0, labelCount != 0 {
            what =
                "is a label with a weight, or a feature in a row without label: weights of records are not "
                + "read, leave them out; if the rows have no labels, say text/libsvm;label_size=0"
        } else if column == 1 {
            what += ": label_size=0 says that rows have no label"
        } else if colons > 1 {
            what += ": a field of a feature (as in libffm) is not read"
        } else if let advice = FieldWord.advice(word) {
            what += "; \(advice)"
        } else if word.contains(0x0D) {
            what += "; if carriage returns alone end the lines, save the file with line feeds"
        }
        return LockstepError(.data, "\(path), line \(line), column \(column): \(text) \(what)")
    }

    private static func word(_ start: UnsafePointer<UInt8>) -> [UInt8] {
        var end = start
        while !isWordEnd(end) { end += 1 }
        return [UInt8](UnsafeBufferPointer(start: start, count: end - start))
    }

    /// A carriage return is white space before a line feed only: alone it might end a line.
    @inline(__always)
    private static func isSpace(_ p: UnsafePointer<UInt8>) -> Bool {
        p.pointee == 0x20 || p.pointee == 0x09 || (p.pointee == 0x0D && p[1] == UInt8(ascii: "\n"))
    }
    @inline(__always)
    private static func isWordEnd(_ p: UnsafePointer<UInt8>) -> Bool {
        isSpace(p) || p.pointee == UInt8(ascii: "\n") || p.pointee == UInt8(ascii: "#")
    }
}
