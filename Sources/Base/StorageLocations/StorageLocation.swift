import Diagnostics

/// Where files or objects lie, as a request names the place: a `file://` URI, or `s3://BUCKET/KEY`.
///
/// The text is kept as it was written: which spelling of a path is meant is decided by the files, when they
/// are looked for (`FileURI`).
public struct StorageLocation: Sendable, Hashable, CustomStringConvertible {
    /// What kind of storage a location is on.
    public enum Scheme: String, Sendable, CaseIterable {
        case file, s3
    }

    /// The URI as it was written.
    public let uri: String
    public let scheme: Scheme

    public var description: String { uri }

    /// - Parameter field: named in errors.
    /// - Throws: `LockstepError(.configuration)` for what is neither `file://` and an absolute path
    ///   nor `s3://` and a bucket.
    public init(_ uri: String, field: String) throws {
        if uri.hasPrefix("s3://") {
            guard let bucket = Self.split(uri)?.bucket, !bucket.isEmpty else {
                throw LockstepError(
                    .configuration, "\(field) is \(uri), which names no bucket: s3://BUCKET/KEY")
            }
            scheme = .s3
        } else {
            _ = try FileURI(uri, field: field)
            scheme = .file
        }
        self.uri = uri
    }

    /// The place of a file or folder of this machine.
    ///
    /// - Parameter path: absolute.
    public init(path: String) {
        uri = FileURI.encoded(path)
        scheme = .file
    }

    /// Bucket and key of a place on object storage, the key without a slash in front, perhaps empty;
    /// `nil` for files.
    public var object: (bucket: String, key: String)? { scheme == .s3 ? Self.split(uri) : nil }

    /// This place as a folder: with one slash at the end.
    public var asFolder: StorageLocation {
        var text = uri[...]
        // A bucket, or the root of all files, ends with slashes of its own.
        let shortest = scheme == .s3 ? "s3://b".utf8.count : "file://".utf8.count
        while text.utf8.count > shortest, text.hasSuffix("/") { text = text.dropLast() }
        return StorageLocation(uri: text + "/", scheme: scheme)
    }

    /// What has that name below this folder. Of two spellings of a path, the files decide now.
    ///
    /// - Parameter name: one name, or several with slashes between, and none in front.
    public func appending(_ name: String) -> StorageLocation {
        // Only a file's location can be read as a path.
        guard let path = try? path(field: "") else {
            return StorageLocation(uri: asFolder.uri + name, scheme: scheme)
        }
        return StorageLocation(path: (path == "/" ? "" : path) + "/" + name)
    }

    /// The path of a file or folder, without a slash at the end.
    ///
    /// - Parameter field: named in errors.
    /// - Throws: `LockstepError(.configuration)` for a place that is on no file system.
    public func path(field: String) throws -> String { try FileURI(uri, field: field).path() }

    private init(uri: some StringProtocol, scheme: Scheme) {
        self.uri = String(uri)
        self.scheme = scheme
    }

    private static func split(_ uri: String) -> (bucket: String, key: String)? {
        let rest = uri.dropFirst("s3://".count)
        guard let slash = rest.firstIndex(of: "/") else { return (String(rest), "") }
        return (String(rest[..<slash]), String(rest[rest.index(after: slash)...]))
    }
}

/// Written as its URI alone.
extension StorageLocation: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        try self.init(text, field: decoder.codingPath.map(\.stringValue).joined(separator: "."))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(uri)
    }
}
