import Diagnostics
import Storage

/// The first bytes of a file that should be text: a mark to pass over, or signs that it is something else.
enum TextFileStart {
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// First bytes of what people take for text, and what to do with it.
    private static let others: [(bytes: [UInt8], name: String, advice: String)] = [
        ([0x0A, 0x23, 0xD7, 0xCE], "RecordIO-protobuf", "a channel has files of one format"),
        (Array("PAR1".utf8), "a Parquet file", "write it as CSV"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive (or a spreadsheet)", "unpack it, or save it as CSV"),
        ([0x93] + Array("NUMPY".utf8), "a NumPy file", "write it as CSV"),
        (Array("BZh".utf8), "compressed with bzip2", "use gzip"),
        ([0xFD] + Array("7zXZ".utf8), "compressed with xz", "use gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd", "use gzip"),
        ([0x89] + Array("HDF".utf8), "an HDF5 file", "write it as CSV"),
        (Array("Obj".utf8) + [0x01], "an Avro file", "write it as CSV"),
        (Array("ORC".utf8), "an ORC file", "write it as CSV"),
        (Array("SQLite format 3".utf8), "an SQLite database", "write the table as CSV"),
    ]

    /// Passes over a UTF-8 byte order mark. `reader` is at its file's beginning.
    ///
    /// - Throws: `LockstepError(.data)` for UTF-16, and for files that are no text at all.
    static func pass(_ reader: BlockReader) throws {
        _ = try reader.require(16)
        let bytes = UnsafeBufferPointer(start: reader.base + reader.start, count: reader.unreadCount)
        let path = reader.file.path
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw LockstepError(.data, "\(path) is UTF-16 text; save it as UTF-8")
        }
        for other in others where bytes.starts(with: other.bytes) {
            throw LockstepError(.data, "\(path) is \(other.name) and no text; \(other.advice)")
        }
        if bytes.prefix(4).contains(0) {
            throw LockstepError(
                .data, "\(path) begins with zero bytes and is no text (UTF-16?); save it as UTF-8")
        }
        if bytes.starts(with: byteOrderMark) { reader.start += byteOrderMark.count }
    }

    /// - Parameter row: the file's first row, without its line end.
    /// - Throws: `LockstepError(.data)` when carriage returns alone end the lines.
    static func refuseLoneReturns(in row: [UInt8], path: String) throws {
        guard row.contains(0x0D), !row.contains(UInt8(ascii: "\"")) else { return }
        throw LockstepError(
            .data,
            "\(path), line 1: carriage returns alone end its lines; save it with line feeds")
    }
}
