import Diagnostics

/// How all ranks read a channel: decided by rank 0, which looks at the first file, and shared.
struct ReadingPlan: Sendable, Equatable {
    var format: DataFormat
    /// In order of name.
    var files: [String]
    /// Whether CompressionType demands gzip.
    var mustBeGzip = false
    /// Whether an empty field is a missing value and not an error.
    var allowsMissing = false
    /// CSV: labels a row.
    var labelCount = 0
    var labelColumn = LabelColumn.first
    var delimiter = UInt8(ascii: ",")
    /// CSV: the first file's header row without its line end. Any file may begin with it.
    var header: [UInt8]?
}

extension ReadingPlan: ByteCodable {
    func encode(to bytes: inout ByteEncoder) {
        bytes.put(format.rawValue)
        bytes.put(files.count)
        for file in files { bytes.put(file) }
        bytes.put(mustBeGzip ? 1 : 0)
        bytes.put(allowsMissing ? 1 : 0)
        bytes.put(labelCount)
        bytes.put(labelColumn.code)
        bytes.put(Int(delimiter))
        bytes.put(header == nil ? 0 : 1)
        bytes.put(header ?? [])
    }

    init(from bytes: inout ByteDecoder) throws {
        let name = try bytes.string()
        guard let format = DataFormat(rawValue: name) else {
            throw LockstepError(.bug, "rank 0 speaks of a data format '\(name)'")
        }
        self.format = format
        files = try (0..<bytes.integer()).map { _ in try bytes.string() }
        mustBeGzip = try bytes.integer() == 1
        allowsMissing = try bytes.integer() == 1
        labelCount = try bytes.integer()
        labelColumn = LabelColumn(code: try bytes.integer())
        delimiter = UInt8(truncatingIfNeeded: try bytes.integer())
        let hasHeader = try bytes.integer() == 1
        let row = try bytes.array()
        header = hasHeader ? row : nil
    }
}

/// Which column of a CSV file holds the label.
public enum LabelColumn: Sendable, Equatable {
    case first
    case last
    /// From 1.
    case number(Int)

    var code: Int {
        switch self {
        case .first: 0
        case .last: -1
        case .number(let number): number
        }
    }
    init(code: Int) { self = code == 0 ? .first : code < 0 ? .last : .number(code) }

    /// Index of the label among `columns` columns.
    func index(columns: Int) -> Int {
        switch self {
        case .first: 0
        case .last: columns - 1
        case .number(let number): number - 1
        }
    }
}
