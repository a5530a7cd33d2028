import Diagnostics

/// What the first rows of a CSV file look like: names, records, or the numbers of columns and rows that
/// tools write unasked.
struct CSVFirstRows {
    private let path: String
    private let delimiter: UInt8
    /// Of the first row, from 1.
    private let line: Int
    private let first: [UInt8]
    private let second: [UInt8]?

    /// - Parameters:
    ///   - line: of the first row.
    ///   - first: without its line end, as the second one.
    init(path: String, delimiter: UInt8, line: Int, first: [UInt8], second: [UInt8]?) {
        self.path = path
        self.delimiter = delimiter
        self.line = line
        self.first = first
        self.second = second
    }

    /// Whether the first row names the columns, as `HeaderRule.auto` has it: no field of it is a number and
    /// some field of the second one is. A row of missing values or of true and false is none.
    var beginWithHeader: Bool {
        guard let second, CSVFields.areNames(first, delimiter) else { return false }
        return CSVFields.holdsNumber(second, delimiter)
    }

    /// - Throws: `LockstepError(.data)` when the first row is nothing but the numbers of its columns, which
    ///   nobody can tell from a record.
    func refuseColumnNumbers() throws {
        var count = 0
        var isNamed = false
        var from: Int?
        let isOther = CSVFields.contains(first, delimiter) { field in
            if count == 0, !isNamed, field.isEmpty {
                isNamed = true
                return false
            }
            guard let number = Int(String(decoding: field, as: UTF8.self)), field.first != 0x2B else {
                return true
            }
            if count == 0 { from = number }
            count += 1
            return number != (from ?? 0) + count - 1 || (count > 1 && field.first == 0x30)
        }
        guard !isOther, let from, from == 0 || from == 1 else { return }
        // One, two, three are common values of records too.
        let isSure = isNamed || (from == 0 ? count >= 3 : count >= 4 && !secondIsWhole)
        guard isSure else { return }
        let shown = TextError.shown(first)
        if isNamed { throw unnamed(column: 1, "has no name") }
        throw LockstepError(
            .data,
            "\(path), line \(line): '\(shown)' is nothing but the numbers of the columns, as pandas writes "
                + "them for columns without names; say header=present in the content type to pass over it, "
                + "or header=absent if it is a record")
    }

    /// - Throws: `LockstepError(.data)` when a name of the header is one that pandas and R give to the
    ///   numbers of rows.
    func refuseRowNumbers() throws {
        guard CSVFields.first(2, of: first, delimiter).count > 1 else { return }
        var column = 0
        var found: LockstepError?
        _ = CSVFields.contains(first, delimiter) { field in
            column += 1
            if column == 1, field.isEmpty { found = unnamed(column: 1, "has no name") }
            if field.starts(with: "Unnamed: 0".utf8) {
                found = unnamed(column: column, "is named '\(TextError.shown(field))'")
            }
            return found != nil
        }
        if let found { throw found }
    }

    private func unnamed(column: Int, _ what: String) -> LockstepError {
        LockstepError(
            .data,
            "\(path), line \(line), column \(column) \(what): it holds the numbers of the rows, as pandas "
                + "writes them without index=False; leave the column out, or give it a name")
    }

    /// Whether the second row's fields are all digits.
    private var secondIsWhole: Bool {
        guard let second else { return true }
        return !CSVFields.contains(second, delimiter) { field in
            !field.allSatisfy { $0 &- UInt8(ascii: "0") <= 9 }
        }
    }
}

/// The fields of one row of CSV, one by one.
enum CSVFields {
    /// Whether `condition` holds for some field of `row`, which has no line end. Fields after the first such
    /// are not looked at.
    static func contains(_ row: [UInt8], _ delimiter: UInt8, where condition: ([UInt8]) -> Bool) -> Bool {
        (row + [UInt8(ascii: "\n")]).withUnsafeBufferPointer { bytes in
            guard var start = bytes.baseAddress else { return false }
            let limit = start + bytes.count
            while start < limit, let field = CSVField(at: start, limit: limit, delimiter: delimiter) {
                if condition(field.text) { return true }
                start = field.next
                if field.endsRow { break }
            }
            return false
        }
    }

    /// Whether some field is a number, or a word for one that is not finite.
    static func holdsNumber(_ row: [UInt8], _ delimiter: UInt8) -> Bool {
        let parser = DecimalParser()
        return contains(row, delimiter) { field in
            if case .malformed = field.withUnsafeBufferPointer(parser.parse) {
                return ["nan", "inf", "-inf"].contains(String(decoding: field, as: UTF8.self).lowercased())
            }
            return true
        }
    }

    /// Whether no field is a number and some field is a word that stands for no value.
    static func areNames(_ row: [UInt8], _ delimiter: UInt8) -> Bool {
        guard !holdsNumber(row, delimiter) else { return false }
        return contains(row, delimiter) {
            !$0.isEmpty && !FieldWord.isValue(String(decoding: $0, as: UTF8.self))
        }
    }

    /// The first fields of a row, at most `count`.
    static func first(_ count: Int, of row: [UInt8], _ delimiter: UInt8) -> [[UInt8]] {
        var fields: [[UInt8]] = []
        _ = contains(row, delimiter) { field in
            fields.append(field)
            return fields.count >= count
        }
        return fields
    }
}
