import Diagnostics
import Storage

extension ReadingPlan {
    /// Decides how to read `source`: lists its files and looks at the first of them. Local.
    init(_ source: ChannelSource) throws {
        let files = try ChannelFiles.list(source.path, channel: source.name)
        self.init(format: .csv, files: files)
        mustBeGzip = try Self.mustBeGzip(source)
        allowsMissing = source.allowsMissing
        labelColumn = source.labelColumn
        var contentType: ContentType
        if let text = source.contentType {
            contentType = try ContentType(text, channel: source.name)
        } else {
            contentType = ContentType(format: try detectFormat(files[0]))
        }
        format = contentType.format
        guard format == .csv else { return }
        delimiter = contentType.delimiter
        labelCount = contentType.labelCount ?? source.defaultLabelCount
        header = try CSVHeader.find(in: open(files[0]), rule: contentType.header, delimiter: delimiter)
    }

    /// Opens a file of the channel.
    func open(_ path: String) throws -> BlockReader {
        BlockReader(try InputFile(path: path, compression: mustBeGzip ? .gzip : .automatic))
    }

    private static func mustBeGzip(_ source: ChannelSource) throws -> Bool {
        switch source.compressionType?.lowercased() {
        case nil, "none", "": return false
        case "gzip": return true
        case let other?:
            throw LockstepError(
                .configuration,
                "channel '\(source.name)': CompressionType '\(other)' is not supported; use None or Gzip")
        }
    }

    /// Tells the format from the first bytes, and from the name where these could be more than one.
    private func detectFormat(_ path: String) throws -> DataFormat {
        let reader = try open(path)
        _ = try reader.require(4)
        let window = UnsafeBufferPointer(start: reader.base, count: reader.end)
        if window.starts(with: [0x0A, 0x23, 0xD7, 0xCE]) { return .recordIO }
        let name = path.lowercased()
        let stem = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        if stem.hasSuffix(".csv") { return .csv }
        if stem.hasSuffix(".libsvm") || stem.hasSuffix(".svm") { return .libsvm }
        if stem.hasSuffix(".pbr") || stem.hasSuffix(".rec") || stem.hasSuffix(".recordio") {
            return .recordIO
        }
        let line = window.prefix { $0 != UInt8(ascii: "\n") }
        let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        let pairs = words.dropFirst().prefix(8)
        let arePairs = pairs.allSatisfy { word in
            word.first.map { $0 &- UInt8(ascii: "0") <= 9 } == true && word.contains(UInt8(ascii: ":"))
        }
        return !pairs.isEmpty && arePairs ? .libsvm : .csv
    }
}
