import Collectives
import Diagnostics

/// The input of a conversion, in one of the formats of channels or IDX.
package struct ConversionInput {
    package enum Format: String, CaseIterable, Sendable {
        case auto, csv, libsvm, recordio, idx
    }

    package var path: String
    package var format: Format
    /// A file with one label a record, replacing those of the input: IDX, or text with one number a line.
    package var labelsPath: String?
    /// CSV: labels a row.
    package var labelCount: Int
    package var labelColumn: LabelColumn
    package var header: HeaderRule
    /// CSV: `comma`, `tab` or `semicolon`.
    package var delimiter: String

    package init(
        path: String, format: Format, labelsPath: String?, labelCount: Int, labelColumn: LabelColumn,
        header: HeaderRule, delimiter: String = "comma"
    ) {
        self.path = path
        self.format = format
        self.labelsPath = labelsPath
        self.labelCount = labelCount
        self.labelColumn = labelColumn
        self.header = header
        self.delimiter = delimiter
    }

    /// Opens the input, and its labels where they lie in a file of their own.
    ///
    /// - Throws: what opening a channel throws.
    package func open() throws -> any RecordSource {
        let features = try openFeatures()
        guard let labelsPath else { return features }
        return try RelabelledSource(
            features: features, labels: try openLabels(labelsPath), name: labelsPath)
    }

    private func openFeatures() throws -> any RecordSource {
        let files = try ChannelFiles(path, channel: "input").paths
        if try format == .idx || (format == .auto && files == [path] && IDXSource.recognizes(path)) {
            guard files == [path] else {
                throw LockstepError(.usage, "\(path) is a folder; name one IDX file")
            }
            return try IDXSource(path: path)
        }
        var contentType: String?
        switch format {
        case .csv: contentType = csvType
        case .libsvm: contentType = DataFormat.libsvm.mediaType
        case .recordio: contentType = DataFormat.recordIO.mediaType
        case .auto, .idx:
            let plan = try ReadingPlan(ChannelSource(name: "input", path: path, defaultLabelCount: 0))
            if plan.format == .csv { contentType = csvType }
        }
        var source = ChannelSource(
            name: "input", path: path, contentType: contentType, defaultLabelCount: 0, allowsMissing: true,
            labelColumn: labelColumn)
        if labelCount == 0 { source.statedLabelCount = 0 }
        return try DataChannel.open(source, communicator: SoloCommunicator())
    }

    private var csvType: String {
        // With labels from a file of their own every column of the input is a feature.
        "text/csv;label_size=\(labelsPath == nil ? labelCount : 0);header=\(header.rawValue)"
            + ";delimiter=\(delimiter)"
    }

    private func openLabels(_ path: String) throws -> any RecordSource {
        if try IDXSource.recognizes(path) { return try IDXSource(path: path) }
        return try DataChannel.open(
            ChannelSource(
                name: "labels", path: path, contentType: "text/csv;label_size=0", defaultLabelCount: 0),
            communicator: SoloCommunicator())
    }
}
