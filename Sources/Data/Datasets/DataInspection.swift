import Collectives
import Diagnostics
import Storage
import Tensors

/// Reads records once and sums them up.
package enum DataInspection {
    /// Bytes of the longest line or record that is looked at: with what parsers make of it, the whole stays
    /// within some hundred MB.
    private static let recordLimit = 16 << 20

    /// What is summed up besides the records themselves.
    private struct About {
        var path: String
        var format: String
        var parts: [DataSummary.Part]
        var remarks: [String] = []
        var isGzip: Bool
        var names: [String]?
    }

    /// Summarizes the channel at a path, or an IDX file.
    ///
    /// - Throws: what opening and loading a channel throw.
    package static func summarize(_ source: ChannelSource) throws -> DataSummary {
        if source.contentType == nil, try isIDXFile(source.path) {
            let idx = try IDXSource(path: source.path, recordLimit: recordLimit)
            let about = About(
                path: source.path, format: "idx",
                parts: [DataSummary.Part(path: source.path, rows: idx.recordCount)],
                isGzip: try InputFile(path: source.path).isGzip)
            return try summarize(idx, about)
        }
        var source = source
        source.allowsMissing = true
        source.recordLimit = recordLimit
        let channel = try DataChannel.open(source, communicator: SoloCommunicator())
        let parts = zip(channel.plan.files, channel.files).map {
            DataSummary.Part(path: $0, rows: $1.recordCount)
        }
        let about = About(
            path: source.path, format: channel.plan.format.rawValue, parts: parts, remarks: channel.remarks,
            isGzip: try InputFile(path: parts[0].path).isGzip, names: channel.columnNames)
        return try summarize(channel, about)
    }

    private static func isIDXFile(_ path: String) throws -> Bool {
        let files = try ChannelFiles(path, channel: "data").paths
        return try files == [path] && IDXSource.recognizes(path)
    }

    private static func summarize(_ source: any RecordSource, _ about: About) throws -> DataSummary {
        var columns = ColumnSums(count: min(source.featureCount, DataSummary.largestColumnCount))
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
            path: about.path, format: about.format, files: about.parts.count, parts: about.parts,
            remarks: about.remarks, isGzip: about.isGzip, hasHeader: about.names != nil,
            rows: source.recordCount, features: source.featureCount,
            density: source.isSparse ? Double(columns.entryCount) / cells : nil,
            missing: columns.missingCount, labels: labels.summary,
            columns: columns.summary(rows: source.recordCount, names: about.names))
    }
}

extension DataChannel {
    /// Names of the features from the header row; `nil` without one, or when it has another width.
    var columnNames: [String]? {
        guard let header = plan.header else { return nil }
        let width = featureCount + labelCount
        var names = CSVHeader.names(
            header, delimiter: plan.delimiter, count: min(width, DataSummary.largestColumnCount + 1))
        guard names.count == min(width, DataSummary.largestColumnCount + 1) else { return nil }
        if labelCount == 1, plan.labelColumn.index(columns: width) < names.count {
            names.remove(at: plan.labelColumn.index(columns: width))
        }
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
    /// In all columns, those beyond the summed ones too.
    private(set) var missingCount = 0

    /// - Parameter count: columns that are summed; later ones are only counted.
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
        if value.isNaN { missingCount += 1 }
        guard column < stored.count else { return }
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
