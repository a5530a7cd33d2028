import Diagnostics
import Storage

/// Reads rows of a CSV file into a dense matrix.
final class CSVCursor: FileCursor {
    private let path: String
    private let reader: BlockReader
    private let scanner: CSVRowScanner
    private let columns: Int
    /// Index of the label's column, -1 when there is none.
    private let labelIndex: Int
    private let allowsMissing: Bool
    private let parser = DecimalParser()
    private(set) var nextRecord = 0
    private var line = 1

    /// - Parameter columns: fields of a row, label included.
    init(_ reader: BlockReader, plan: ReadingPlan, columns: Int) {
        path = reader.file.path
        self.reader = reader
        self.columns = columns
        scanner = CSVRowScanner(delimiter: plan.delimiter)
        labelIndex = plan.labelCount == 0 ? -1 : plan.labelColumn.index(columns: columns)
        allowsMissing = plan.allowsMissing
    }

    func move(to checkpoint: Checkpoint) throws {
        try reader.seek(to: checkpoint.offset)
        nextRecord = checkpoint.record
        line = checkpoint.line
    }

    func skip(_ count: Int) throws {
        var left = count
        while left > 0 {
            let base = UnsafePointer(reader.base)
            let limit = base + reader.end + (reader.isAtEnd && reader.unreadCount > 0 ? 1 : 0)
            guard let row = scanner.row(at: base + reader.start, limit: limit) else {
                guard !reader.isAtEnd else { throw changed() }
                _ = try reader.fill()
                continue
            }
            if row.delimiterCount > 0 || !scanner.isBlank(base + reader.start) {
                left -= 1
                nextRecord += 1
            }
            line += row.lineCount
            reader.start = min(row.next - base, reader.end)
        }
    }

    func readSparse(_ count: Int, into rows: SparseRows) throws {
        throw LockstepError(.bug, "\(path) is CSV, which is never sparse")
    }

    func readDense(
        _ count: Int, into rows: UnsafeMutablePointer<Float>, labels: UnsafeMutablePointer<Float>?
    ) throws {
        let width = labelIndex < 0 ? columns : columns - 1
        var noLabel: Float = 0
        var done = 0
        while done < count {
            let base = UnsafePointer(reader.base)
            let complete = completeEnd()
            var p = base + reader.start
            while p < complete, done < count {
                if p.pointee <= 0x20, scanner.isBlank(p) {
                    p = afterLineFeed(p)
                    line += 1
                    continue
                }
                let isWhole =
                    if let labels {
                        try readRow(&p, into: rows + done * width, label: &labels[done])
                    } else {
                        try readRow(&p, into: rows + done * width, label: &noLabel)
                    }
                // A quoted field goes on behind the window.
                guard isWhole else { break }
                done += 1
                line += 1
            }
            reader.start = min(p - base, reader.end)
            guard done < count else { break }
            guard !reader.isAtEnd else { throw changed() }
            _ = try reader.fill()
        }
        nextRecord += count
    }

    /// End of the last line that lies wholly in the window.
    private func completeEnd() -> UnsafePointer<UInt8> {
        let start = UnsafePointer(reader.base) + reader.start
        var end = start + reader.unreadCount
        if reader.isAtEnd { return end }
        while end > start, (end - 1).pointee != UInt8(ascii: "\n") { end -= 1 }
        return end
    }

    /// Reads one row; `false`, with `cursor` as it was, when the row does not end in the window.
    @inline(__always)
    private func readRow(
        _ cursor: inout UnsafePointer<UInt8>, into features: UnsafeMutablePointer<Float>,
        label: inout Float
    ) throws -> Bool {
        let last = columns - 1
        let delimiter = scanner.delimiter
        var p = cursor
        var out = features
        var value: Float = 0
        for column in 0...last {
            let start = p
            let end = column < last ? delimiter : UInt8(ascii: "\n")
            if parser.scan(&p, into: &value), p.pointee == end {
                p += 1
            } else if column == last, p > start, p[0] == 0x0D, p[1] == UInt8(ascii: "\n") {
                p += 2
            } else {
                guard let field = CSVField(at: start, limit: windowEnd, delimiter: delimiter) else {
                    guard !reader.isAtEnd else { throw openQuote() }
                    return false
                }
                value = try slowValue(field, column: column)
                p = field.next
            }
            if column == labelIndex {
                label = value
            } else {
                out.pointee = value
                out += 1
            }
        }
        cursor = p
        return true
    }

    private var windowEnd: UnsafePointer<UInt8> {
        UnsafePointer(reader.base) + reader.end + (reader.isAtEnd ? 1 : 0)
    }

    /// The value of a field that the fast path left alone: quoted, spaced, empty, long or wrong.
    @inline(never)
    private func slowValue(_ field: CSVField, column: Int) throws -> Float {
        guard field.endsRow == (column == columns - 1) else { throw changed() }
        if field.text.isEmpty, allowsMissing, column != labelIndex { return .nan }
        let outcome = field.text.withUnsafeBufferPointer { parser.parse($0) }
        guard case .number(let value) = outcome, field.isWellFormed else {
            var error = TextError.field(field.text, outcome, path: path, line: line, column: column + 1)
            if field.text.isEmpty, field.endsRow, columns > 1 {
                error.message += "; if every row ends in a delimiter, remove it"
            }
            throw error
        }
        return value
    }

    private func afterLineFeed(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        var p = start
        while p.pointee != UInt8(ascii: "\n") { p += 1 }
        return p + 1
    }

    private func openQuote() -> LockstepError {
        LockstepError(.data, "\(path), line \(line): a quote is opened and not closed")
    }

    private func changed() -> LockstepError {
        LockstepError(
            .data, "\(path), line \(line): the file has changed since the channel was opened; run again")
    }
}
