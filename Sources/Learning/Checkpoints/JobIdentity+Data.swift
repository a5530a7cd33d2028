import Storage

/// A file of a channel, as the job's identity keeps it.
public struct DataFile: Sendable, Equatable {
    /// Path below the channel's own.
    public var name: String
    public var byteCount: Int
    /// 64 hex digits.
    public var sha256: String

    public init(name: String, byteCount: Int, sha256: String) {
        self.name = name
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}

/// The content of a job's channels: `channel train sha256` over all files of a channel in their order, and
/// `data of train: FILE` for each of them, so that a file that has changed can be named.
extension JobIdentity {
    private static let dataPrefix = "data of "
    /// Facts about single files at most; of more files, neighbours share one.
    private static let mostFacts = 1000

    /// The facts about a channel's files; none without files.
    public static func fields(of files: [DataFile], channel: String) -> [String: String] {
        guard !files.isEmpty else { return [:] }
        var fields = [digestName(channel): digest(files)]
        let share = (files.count + mostFacts - 1) / mostFacts
        for start in stride(from: 0, to: files.count, by: share) {
            let group = Array(files[start..<min(start + share, files.count)])
            let name =
                group.count == 1 ? group[0].name : "\(group[0].name) to \(group[group.count - 1].name)"
            let bytes = group.reduce(0) { $0 + $1.byteCount }
            let sha256 = group.count == 1 ? group[0].sha256 : digest(group)
            fields["\(dataPrefix)\(channel): \(name)"] = "\(bytes) bytes, SHA-256 \(sha256)"
        }
        return fields
    }

    /// SHA-256 of each channel's content, by name of the channel.
    public var dataDigests: [String: String] {
        fields.reduce(into: [:]) { digests, field in
            if let channel = Self.channel(ofDigest: field.key) { digests[channel] = field.value }
        }
    }

    /// Channels of which this identity tells the content and the earlier one does not.
    public func channelsWithoutDigest(in earlier: JobIdentity) -> [String] {
        dataDigests.keys.sorted().filter {
            earlier.fields["channel \($0) path"] != nil && earlier.fields[Self.digestName($0)] == nil
        }
    }

    /// Channels that held other bytes when the earlier identity was made.
    func changedChannels(since earlier: JobIdentity) -> [String] {
        let before = earlier.dataDigests
        return dataDigests.filter { before[$0.key] != nil && before[$0.key] != $0.value }.keys.sorted()
    }

    /// One sentence for each channel that holds other bytes now: it names the first file that differs.
    public func dataChanges(since earlier: JobIdentity) -> [String] {
        changedChannels(since: earlier).map {
            "channel '\($0)' has changed since step 0: " + change(of: $0, since: earlier)
        }
    }

    private func change(of channel: String, since earlier: JobIdentity) -> String {
        let (now, before) = (files(of: channel), earlier.files(of: channel))
        let names = Set(now.keys).union(before.keys).sorted().filter { now[$0] != before[$0] }
        guard let name = names.first else { return "its files have another order" }
        let more = names.count == 1 ? "" : " (and \(names.count - 1) more of its files)"
        let path = place(of: name, channel)
        switch (now[name], before[name]) {
        case (let now?, let before?): return "file \(path) had \(before) and has \(now)" + more
        case (_?, nil): return "file \(path) is new" + more
        default: return "file \(path) is gone" + more
        }
    }

    /// A file's whole path, as far as the identity tells it.
    private func place(of name: String, _ channel: String) -> String {
        guard let path = fields["channel \(channel) path"] else { return name }
        return path.hasSuffix("/" + name) ? path : path + (path.hasSuffix("/") ? "" : "/") + name
    }

    private func files(of channel: String) -> [String: String] {
        let prefix = "\(Self.dataPrefix)\(channel): "
        return fields.reduce(into: [:]) { files, field in
            if field.key.hasPrefix(prefix) {
                files[String(field.key.dropFirst(prefix.count))] = field.value
            }
        }
    }

    static func isData(_ name: String) -> Bool { name.hasPrefix(dataPrefix) }

    static func digestName(_ channel: String) -> String { "channel \(channel) sha256" }

    static func channel(ofDigest name: String) -> String? {
        guard name.hasPrefix("channel "), name.hasSuffix(" sha256") else { return nil }
        return String(name.dropFirst("channel ".count).dropLast(" sha256".count))
    }

    /// SHA-256 over sizes and digests in the files' order.
    private static func digest(_ files: [DataFile]) -> String {
        Checksum.sha256([UInt8](files.map { "\($0.byteCount) \($0.sha256)\n" }.joined().utf8))
    }
}
