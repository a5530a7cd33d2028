import Diagnostics
import Storage

/// One pass over a CSV file: counts its rows and checks that all have as many fields.
struct CSVIndexer {
    private let path: String
    private let reader: BlockReader
    private let plan: ReadingPlan
    private let scanner: CSVRowScanner
    private var line = 1
    private var index = FileIndex()

    /// - Returns: the index of the file behind `reader`, which is at its beginning.
    /// - Throws: `LockstepError(.data)` naming file and line, for a row with another number of fields.
    static func index(_ reader: BlockReader, plan: ReadingPlan) throws -> FileIndex {
        var indexer = CSVIndexer(reader, plan: plan)
        return try indexer.run()
    }

    private init(_ reader: BlockReader, plan: ReadingPlan) {
        path = reader.file.path
        self.reader = reader
        self.plan = plan
        scanner = CSVRowScanner(delimiter: plan.delimiter)
    }

    private mutating func run() throws -> FileIndex {
        line += try CSVHeader.skip(in: reader, plan: plan)
        index.labelCount = plan.labelCount
        index.hasDense = true
        while true {
            try scanWindow()
            if reader.isAtEnd {
                guard reader.unreadCount == 0 else {
                    throw LockstepError(.data, "\(path), line \(line): a quote is opened and not closed")
                }
                return index
            }
            reader.line = line
            _ = try reader.fill()
        }
    }

    /// Takes in all rows that end in the window.
    private mutating func scanWindow() throws {
        let base = UnsafePointer(reader.base)
        let windowOffset = reader.offset - reader.start
        // The window's own line feed, which is not in the file, ends a last row that has none.
        let limit = base + reader.end + (reader.isAtEnd && reader.unreadCount > 0 ? 1 : 0)
        var start = base + reader.start
        while start < base + reader.end, let row = scanner.row(at: start, limit: limit) {
            if row.delimiterCount > 0 || start.pointee > 0x20 || !scanner.isBlank(start) {
                if row.delimiterCount + 1 != index.width { try noteWidth(row.delimiterCount + 1) }
                index.addRecord(offset: windowOffset + (start - base), line: line)
            }
            line += row.lineCount
            start = row.next
        }
        reader.start = min(start - base, reader.end)
    }

    private mutating func noteWidth(_ columns: Int) throws {
        guard index.recordCount == 0 else {
            throw LockstepError(
                .data,
                "\(path), line \(line): \(columns) columns found where \(index.width) are expected, "
                    + "as in line \(index.widthPlace)")
        }
        index.width = columns
        index.widthPlace = line
    }
}
