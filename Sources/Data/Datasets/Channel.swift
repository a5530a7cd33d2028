public import Collectives
import Diagnostics
import Storage
public import Tensors

// CONTRACT between Datasets and its callers (Training, GangRuntime, the command line).

/// Where a channel's data lies and how to read it, before anything is opened.
public struct ChannelSource: Sendable, Equatable {
    /// `train`, `validation`, `test`.
    public var name: String
    /// A file, or a folder: all files below it (none whose name starts with `.` or `_`) are read, in the
    /// order of the bytes of their names below it.
    public var path: String
    /// SageMaker's ContentType with parameters, `text/csv;label_size=1`; `nil`: told from file names
    /// and first bytes.
    public var contentType: String?
    /// SageMaker's CompressionType; gzip is also recognised by its magic bytes.
    public var compressionType: String?
    /// Labels a row when the content type does not say (1 supervised, 0 unsupervised).
    public var defaultLabelCount: Int
    /// Width of a row when known (`feature_dim`), else found in the data.
    public var featureCount: Int?
    /// Whether a missing feature value (an empty CSV field) becomes NaN; otherwise it is an error.
    public var allowsMissing: Bool
    /// Where the label stands in a CSV row; SageMaker has it first.
    public var labelColumn: LabelColumn

    /// Labels a libsvm row, when that is known from elsewhere than the content type; `nil`: not known.
    public var statedLabelCount: Int?
    /// The longest line or record that is read, in bytes; `nil`: as long as memory allows.
    public var recordLimit: Int?

    public init(
        name: String, path: String, contentType: String? = nil, compressionType: String? = nil,
        defaultLabelCount: Int, featureCount: Int? = nil, allowsMissing: Bool = false,
        labelColumn: LabelColumn = .first
    ) {
        self.name = name
        self.path = path
        self.contentType = contentType
        self.compressionType = compressionType
        self.defaultLabelCount = defaultLabelCount
        self.featureCount = featureCount
        self.allowsMissing = allowsMissing
        self.labelColumn = labelColumn
    }
}

/// An opened channel: its files indexed, its shape known, no records in memory yet.
///
/// Record order is file name order, then order in the file. Logical shard v of V is the contiguous
/// range `⌊v·N/V⌋ ..< ⌊(v+1)·N/V⌋`, so it depends on the data and V only.
public final class DataChannel: Sendable {
    public let source: ChannelSource
    public let recordCount: Int
    /// Width of a row.
    public let featureCount: Int
    public let isSparse: Bool
    /// Labels a row: 0 or 1.
    public let labelCount: Int

    /// What people should know of the channel's data, though it can be read: one sentence each.
    public var remarks: [String] { plan.remarks }

    /// The file and line or record that makes a row so wide, for errors.
    public var widthPlace: String {
        let width = isSparse ? featureCount : featureCount + (plan.format == .csv ? labelCount : 0)
        guard let file = files.firstIndex(where: { $0.width == width }) else { return source.path }
        let place = plan.format == .recordIO ? "record" : "line"
        let index = isSparse ? ", with feature index \(width - 1)" : ""
        return "\(plan.files[file]), \(place) \(files[file].widthPlace)\(index)"
    }

    let plan: ReadingPlan
    let files: [FileIndex]
    /// Index in the channel of each file's first record, and the record count after the last.
    private let firstRecords: [Int]
    private let idleCursors = IdleCursors()

    init(source: ChannelSource, plan: ReadingPlan, files: [FileIndex]) throws {
        let shape = try ChannelShape(source: source, plan: plan, files: files)
        self.source = source
        self.plan = plan
        self.files = files
        firstRecords = files.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.recordCount) }
        recordCount = firstRecords.last ?? 0
        featureCount = shape.featureCount
        isSparse = shape.isSparse
        labelCount = shape.labelCount
    }

    /// Indexes the channel's files, divided among the ranks, and shares the index. Collective.
    ///
    /// - Parameter takesDigests: whether the bytes of each file are hashed while they are indexed.
    /// - Throws: `LockstepError(.data)`, `(.notFound)`, `(.io)` or `(.configuration)`, the same on every
    ///   rank, naming file, line or byte offset; an empty channel is an error.
    public static func open(
        _ source: ChannelSource, communicator: any Communicator, takesDigests: Bool = false
    ) throws -> DataChannel {
        let opening = ChannelOpening(
            source: source, communicator: communicator, takesDigests: takesDigests)
        let plan = try opening.sharedPlan()
        return try DataChannel(source: source, plan: plan, files: try opening.sharedIndex(plan))
    }

    /// What the files held when the channel was opened, in order; empty where no digests were taken.
    public var fileDigests: [FileDigest] {
        let folder = source.path.hasSuffix("/") ? source.path : source.path + "/"
        return zip(plan.files, files).compactMap { path, index in
            guard !index.sha256.isEmpty else { return nil }
            // A channel of one file: its own name.
            let name =
                path.hasPrefix(folder)
                ? String(path.dropFirst(folder.count)) : path.split(separator: "/").last.map(String.init)
            return FileDigest(
                name: name ?? path, byteCount: index.byteCount, sha256: Checksum.hexadecimal(index.sha256))
        }
    }

    /// Records of logical shard `index` of `count`.
    public func range(ofShard index: Int, of count: Int) -> Range<Int> {
        precondition(count > 0 && index >= 0 && index < count, "shard \(index) of \(count)")
        return index * recordCount / count..<(index + 1) * recordCount / count
    }

    /// Reads the records of `range`, seeking by the index, straight into their matrix. Local.
    ///
    /// Any thread may call it. Ranges loaded in ascending order read a gzip file once.
    /// - Throws: `LockstepError(.data)` naming file, line and column (or record and byte offset).
    public func load(_ range: Range<Int>) throws -> Records {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= recordCount, "records \(range) of \(recordCount)")
        return isSparse ? try loadSparse(range) : try loadDense(range)
    }

    /// Stored values of `range`, or a little more.
    package func entryBound(_ range: Range<Int>) -> Int {
        guard isSparse else { return range.count.multipliedReportingOverflow(by: featureCount).partialValue }
        return parts(of: range).reduce(0) { $0 + files[$1.file].entryBound($1.records) }
    }

    private func loadDense(_ range: Range<Int>) throws -> Records {
        let width = featureCount
        let (floats, overflows) = range.count.multipliedReportingOverflow(by: 4 * width)
        try AvailableMemory.require(
            overflows ? nil : floats,
            for: "channel '\(source.name)': holding \(range.count) records of \(width) features, as wide as "
                + widthPlace + ",")
        var labels: [Float] = []
        let values = try [Float](unsafeUninitializedCapacity: range.count * width) { values, count in
            labels = try [Float](unsafeUninitializedCapacity: range.count * labelCount) { labels, labelled in
                guard let row = values.baseAddress, !range.isEmpty else { return }
                var done = 0
                try forEachPart(of: range) { cursor, count in
                    let label = labelCount == 0 ? nil : labels.baseAddress.map { $0 + done }
                    try cursor.readDense(count, into: row + done * width, labels: label)
                    done += count
                }
                labelled = labels.count
            }
            count = range.count * width
        }
        return Records(
            features: .dense(DenseMatrix(rows: range.count, columns: width, values: values)), labels: labels)
    }

    private func loadSparse(_ range: Range<Int>) throws -> Records {
        let entries = entryBound(range)
        try AvailableMemory.require(
            entries.multipliedReportingOverflow(by: 8).partialValue,
            for: "channel '\(source.name)': holding \(range.count) records with \(entries) entries")
        let rows = SparseRows(rows: range.count, entries: entries)
        try forEachPart(of: range) { cursor, count in try cursor.readSparse(count, into: rows) }
        let matrix = SparseMatrix(
            rows: range.count, columns: featureCount, rowOffsets: rows.rowOffsets,
            columnIndices: rows.columnIndices, values: rows.values)
        return Records(features: .sparse(matrix), labels: labelCount == 0 ? [] : rows.labels)
    }

    /// The stretches of `range`, by file, in the numbering of each file.
    private func parts(of range: Range<Int>) -> [(file: Int, records: Range<Int>)] {
        files.indices.compactMap { file in
            let records = range.clamped(to: firstRecords[file]..<firstRecords[file + 1])
            guard !records.isEmpty else { return nil }
            return (file, records.lowerBound - firstRecords[file]..<records.upperBound - firstRecords[file])
        }
    }

    /// Calls `body` with a cursor at each stretch of `range` and its number of records, in order.
    private func forEachPart(of range: Range<Int>, _ body: (any FileCursor, Int) throws -> Void) throws {
        for (file, records) in parts(of: range) {
            let cursor = try idleCursors.take(file: file, before: records.lowerBound) ?? openCursor(file)
            let checkpoint = files[file].checkpoint(before: records.lowerBound)
            if cursor.nextRecord > records.lowerBound || cursor.nextRecord < checkpoint.record
                || cursor.nextRecord == 0
            {
                try cursor.move(to: checkpoint)
            }
            try cursor.skip(records.lowerBound - cursor.nextRecord)
            try body(cursor, records.count)
            idleCursors.put(cursor, file: file)
        }
    }

    private func openCursor(_ file: Int) throws -> any FileCursor {
        let reader = try plan.open(plan.files[file])
        switch plan.format {
        case .csv: return CSVCursor(reader, plan: plan, columns: files[file].width)
        case .libsvm:
            return LibsvmCursor(reader, labelCount: labelCount, statedLabelCount: plan.statedLabelCount)
        case .recordIO:
            return RecordIOCursor(
                reader, allowsMissing: plan.allowsMissing, width: featureCount, labelCount: labelCount)
        }
    }
}
