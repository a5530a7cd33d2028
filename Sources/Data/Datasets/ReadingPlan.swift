import Diagnostics

/// How all ranks read a channel: decided by rank 0, which looks at the first file that is not empty, and
/// shared.
struct ReadingPlan: Sendable, Equatable {
    var format: DataFormat
    /// In order of name.
    var files: [String]
    /// The first file that is not empty, which tells format and header.
    var leader = ""
    /// Whether CompressionType demands gzip.
    var mustBeGzip = false
    /// Whether an empty field is a missing value and not an error.
    var allowsMissing = false
    /// The longest line or record that is read, in bytes; `nil`: as long as memory allows.
    var recordLimit: Int?
    /// CSV: labels a row.
    var labelCount = 0
    /// libsvm: whether the content type says that rows have a label (1) or none (0).
    var statedLabelCount: Int?
    var labelColumn = LabelColumn.first
    var delimiter = UInt8(ascii: ",")
    /// CSV: the first file's header row without its line end. Any file may begin with it.
    var header: [UInt8]?
    /// What people should know of the channel: files left out, columns that look like row numbers.
    var remarks: [String] = []
}

extension ReadingPlan: ByteCodable {
    func encode(to bytes: inout ByteEncoder) {
        bytes.put(format.rawValue)
        bytes.put(files.count)
        for file in files { bytes.put(file) }
        bytes.put(leader)
        bytes.put(mustBeGzip ? 1 : 0)
        bytes.put(allowsMissing ? 1 : 0)
        bytes.put(recordLimit ?? -1)
        bytes.put(labelCount)
        bytes.put(statedLabelCount ?? -1)
        bytes.put(labelColumn.code)
        bytes.put(Int(delimiter))
        bytes.put(header == nil ? 0 : 1)
        bytes.put(header ?? [])
        bytes.put(remarks.count)
        for remark in remarks { bytes.put(remark) }
    }

    init(from bytes: inout ByteDecoder) throws {
        let name = try bytes.string()
        guard let format = DataFormat(rawValue: name) else {
            throw LockstepError(.bug, "rank 0 speaks of a data format '\(name)'")
        }
        self.format = format
        files = try (0..<bytes.integer()).map { _ in try bytes.string() }
        leader = try bytes.string()
        mustBeGzip = try bytes.integer() == 1
        allowsMissing = try bytes.integer() == 1
        let limit = try bytes.integer()
        recordLimit = limit < 0 ? nil : limit
        labelCount = try bytes.integer()
        let stated = try bytes.integer()
        statedLabelCount = stated < 0 ? nil : stated
        labelColumn = LabelColumn(code: try bytes.integer())
        delimiter = UInt8(truncatingIfNeeded: try bytes.integer())
        let hasHeader = try bytes.integer() == 1
        let row = try bytes.array()
        header = hasHeader ? row : nil
        remarks = try (0..<bytes.integer()).map { _ in try bytes.string() }
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
