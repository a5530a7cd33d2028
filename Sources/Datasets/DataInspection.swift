import Collectives
import Diagnostics
import Storage
import Tensors

/// Reads records once and sums them up.
package enum DataInspection {
    /// Summarizes the channel at a path, or an IDX file.
    ///
    /// - Throws: what opening and loading a channel throw.
    package static func summarize(_ source: ChannelSource) throws -> DataSummary {
        if source.contentType == nil, try isIDXFile(source.path) {
            let idx = try IDXSource(path: source.path)
            let isGzip = try InputFile(path: source.path).isGzip
            return try summarize(
                idx, path: source.path, format: "idx", files: 1, isGzip: isGzip, names: nil)
        }
        var source = source
        source.allowsMissing = true
        let channel = try DataChannel.open(source, communicator: SoloCommunicator())
        let isGzip = try InputFile(path: channel.plan.files[0]).isGzip
        return try summarize(
            channel, path: source.path, format: channel.plan.format.rawValue, files: channel.files.count,
            isGzip: isGzip, names: channel.columnNames)
    }

    private static func isIDXFile(_ path: String) throws -> Bool {
        let files = try ChannelFiles.list(path, channel: "inspect")
        return try files == [path] && IDXSource.recognizes(path)
    }

    private static func summarize(
        _ source: any RecordSource, path: String, format: String, files: Int, isGzip: Bool, names: [String]?
    ) throws -> DataSummary {
        var columns = ColumnSums(count: source.featureCount)
        var labels = LabelCounts()
        try source.forEachPiece(of: 0..<source.recordCount) { records in
            switch records.features {
            case .dense(let matrix): columns.add(matrix)
            case .sparse(let matrix): columns.add(matrix)
            }
            for label in records.labels { labels.add(label) }
        }
        let cells = Double(source.recordCount) * Double(source.featureCount)
        return DataSummary(
            path: path, format: format, files: files, isGzip: isGzip, hasHeader: names != nil,
            rows: source.recordCount, features: source.featureCount,
            density: source.isSparse ? Double(columns.entryCount) / cells : nil,
            missing: columns.missing.reduce(0, +), labels: labels.summary,
            columns: columns.summary(rows: source.recordCount, names: names))
    }
}

extension DataChannel {
    /// Names of the features from the header row; `nil` without one, or when it has another width.
    var columnNames: [String]? {
        guard let header = plan.header else { return nil }
        var names = CSVHeader.names(header, delimiter: plan.delimiter)
        guard names.count == featureCount + labelCount else { return nil }
        if labelCount == 1 { names.remove(at: plan.labelColumn.index(columns: names.count)) }
        return names
    }
}

/// Sums over rows, by column.
private struct ColumnSums {
    private var stored: [Int]
    private var lows: [Float]
    private var highs: [Float]
    private var sums: [Double]
    private(set) var missing: [Int]
    private(set) var entryCount = 0

    init(count: Int) {
        stored = .init(repeating: 0, count: count)
        lows = .init(repeating: .infinity, count: count)
        highs = .init(repeating: -.infinity, count: count)
        sums = .init(repeating: 0, count: count)
        missing = stored
    }

    mutating func add(_ matrix: DenseMatrix) {
        var position = 0
        for _ in 0..<matrix.rows {
            for column in 0..<matrix.columns {
                add(matrix.values[position], column)
                position += 1
            }
        }
    }

    mutating func add(_ matrix: SparseMatrix) {
        for (column, value) in zip(matrix.columnIndices, matrix.values) { add(value, Int(column)) }
    }

    private mutating func add(_ value: Float, _ column: Int) {
        entryCount += 1
        stored[column] += 1
        if value.isNaN {
            missing[column] += 1
            return
        }
        lows[column] = min(lows[column], value)
        highs[column] = max(highs[column], value)
        sums[column] += Double(value)
    }

    func summary(rows: Int, names: [String]?) -> [DataSummary.Column] {
        stored.indices.map { column in
            let count = rows - missing[column]
            // Rows without an entry hold a zero there.
            let hasZeros = stored[column] < rows
            let low = hasZeros ? min(lows[column], 0) : lows[column]
            let high = hasZeros ? max(highs[column], 0) : highs[column]
            return DataSummary.Column(
                index: column, name: names?[column], min: count > 0 ? low : nil,
                max: count > 0 ? high : nil, mean: count > 0 ? sums[column] / Double(count) : nil,
                missing: missing[column])
        }
    }
}

/// Labels and how often each occurs, while they are few.
private struct LabelCounts {
    private var counts: [Float: Int]? = [:]
    private var low = Float.infinity
    private var high = -Float.infinity

    mutating func add(_ label: Float) {
        low = min(low, label)
        high = max(high, label)
        guard counts != nil else { return }
        counts?[label, default: 0] += 1
        if let counts, counts.count > DataSummary.largestClassCount { self.counts = nil }
    }

    var summary: DataSummary.Labels? {
        guard low <= high else { return nil }
        let classes = counts?.sorted { $0.key < $1.key }.map {
            DataSummary.Labels.Class(label: $0.key, rows: $0.value)
        }
        return DataSummary.Labels(min: low, max: high, classes: classes)
    }
}
