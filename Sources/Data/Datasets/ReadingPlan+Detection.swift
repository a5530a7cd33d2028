import Diagnostics
import Storage

extension ReadingPlan {
    /// Decides how to read `source`: lists its files and looks at the first that is not empty. Local.
    init(_ source: ChannelSource) throws {
        let found = try ChannelFiles(source.path, channel: source.name)
        let files = found.paths
        self.init(format: .csv, files: files)
        if let remark = Self.remark(onHidden: found.hidden) { remarks.append(remark) }
        leader = try files.first { try InputFile(path: $0).byteCount > 0 } ?? files[0]
        mustBeGzip = try Self.mustBeGzip(source)
        allowsMissing = source.allowsMissing
        recordLimit = source.recordLimit
        labelColumn = source.labelColumn
        var contentType: ContentType
        if let text = source.contentType {
            contentType = try ContentType(text, channel: source.name)
        } else {
            contentType = ContentType(format: try detectFormat(leader))
        }
        format = contentType.format
        statedLabelCount = contentType.labelCount ?? source.statedLabelCount
        guard format == .csv else { return }
        delimiter = contentType.delimiter
        labelCount = contentType.labelCount ?? source.defaultLabelCount
        header = try CSVHeader.find(in: open(leader), rule: contentType.header, delimiter: delimiter)
        if let remark = try rowNumberRemark() { remarks.append(remark) }
    }

    /// What to say when the first column of the leading file counts its rows.
    private func rowNumberRemark() throws -> String? {
        let reader = try open(leader)
        var lines = try CSVHeader.skip(in: reader, plan: self)
        let looked = 20
        var first: Int?
        for row in 0..<looked {
            guard let bytes = try CSVHeader.nextRow(reader, delimiter, lines: &lines) else { break }
            guard let field = CSVFields.first(1, of: bytes, delimiter).first,
                let number = Int(String(decoding: field, as: UTF8.self)), number == (first ?? number) + row
            else { return nil }
            guard first != nil || number == 0 || number == 1 else { return nil }
            first = first ?? number
            guard row < looked - 1 else {
                return "the first column counts the rows of \(leader) from \(number - row); if it is no "
                    + "\(labelCount == 1 ? "label" : "feature"), leave it out"
            }
        }
        return nil
    }

    /// Opens a file of the channel.
    func open(_ path: String) throws -> BlockReader {
        BlockReader(
            try InputFile(path: path, compression: mustBeGzip ? .gzip : .automatic), recordLimit: recordLimit)
    }

    private static func remark(onHidden paths: [String]) -> String? {
        guard !paths.isEmpty else { return nil }
        let shown = paths.prefix(5).joined(separator: ", ") + (paths.count > 5 ? " and more" : "")
        return "left out for names that begin with . or _ (or are lost+found): \(paths.count), \(shown)"
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
