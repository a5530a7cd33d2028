import Diagnostics
import Storage

/// Reads rows of a libsvm file into a sparse matrix.
final class LibsvmCursor: FileCursor {
    private let reader: BlockReader
    private let labelCount: Int
    private var parser: LibsvmRowParser
    private(set) var nextRecord = 0
    private var line = 1

    /// - Parameters:
    ///   - labelCount: labels a row of the channel: 0 or 1.
    ///   - statedLabelCount: as the content type says, if it does.
    init(_ reader: BlockReader, labelCount: Int, statedLabelCount: Int?) {
        self.reader = reader
        self.labelCount = labelCount
        parser = LibsvmRowParser(path: reader.file.path, labelCount: statedLabelCount)
    }

    /// One pass over the file behind `reader`: rows, entries and the largest index.
    static func index(_ reader: BlockReader, plan: ReadingPlan) throws -> FileIndex {
        let cursor = LibsvmCursor(reader, labelCount: 0, statedLabelCount: plan.statedLabelCount)
        try TextFileStart.pass(reader)
        var index = FileIndex(hasSparse: true)
        while try cursor.readRow() {
            let row = cursor.parser
            let labelCount = row.label == nil ? 0 : 1
            if index.recordCount == 0 { index.labelCount = labelCount }
            guard labelCount == index.labelCount else {
                let difference =
                    labelCount == 0 ? "no label, the first row has one" : "a label, the first has none"
                throw LockstepError(
                    .data, "\(row.path), line \(cursor.line - 1): this row has \(difference)")
            }
            index.addRecord(offset: cursor.rowOffset, line: cursor.line - 1)
            index.entryCount += row.values.count
            if let last = row.columns.last, Int(last) >= index.width {
                index.width = Int(last) + 1
                index.widthPlace = cursor.line - 1
            }
        }
        return index
    }

    /// Offset in the file of the row read last.
    private var rowOffset = 0

    /// Reads the next row into the parser; `false` at the end of the file.
    private func readRow() throws -> Bool {
        while true {
            guard try completeLine() else { return false }
            let base = UnsafePointer(reader.base)
            var p = base + reader.start
            rowOffset = reader.offset
            let isRecord = try parser.readRow(&p, line: line)
            reader.start = min(p - base, reader.end)
            line += 1
            if isRecord { return true }
        }
    }

    /// Makes the window hold the next line to its end; `false` at the end of the file.
    private func completeLine() throws -> Bool {
        var seen = 0
        while true {
            let start = reader.base + reader.start
            while seen < reader.unreadCount {
                if start[seen] == UInt8(ascii: "\n") { return true }
                seen += 1
            }
            if reader.isAtEnd { return reader.unreadCount > 0 }
            reader.line = line
            _ = try reader.fill()
        }
    }

    func move(to checkpoint: Checkpoint) throws {
        try reader.seek(to: checkpoint.offset)
        nextRecord = checkpoint.record
        line = checkpoint.line
    }

    func skip(_ count: Int) throws {
        for _ in 0..<count { try nextRow() }
    }

    func readSparse(_ count: Int, into rows: SparseRows) throws {
        for _ in 0..<count {
            try nextRow()
            for (column, value) in zip(parser.columns, parser.values) {
                rows.addEntry(column: column, value: value)
            }
            if labelCount == 1, let label = parser.label { rows.addLabel(label) }
            rows.endRow()
        }
    }

    func readDense(
        _ count: Int, into rows: UnsafeMutablePointer<Float>, labels: UnsafeMutablePointer<Float>?
    ) throws {
        throw LockstepError(.bug, "\(reader.file.path) is libsvm, which is always sparse")
    }

    private func nextRow() throws {
        guard try readRow() else {
            throw LockstepError(
                .data, "\(reader.file.path) has changed since the channel was opened; run again")
        }
        nextRecord += 1
    }
}
