import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// A `file://` URI of a request: as RFC 8089 has it, percent-encoded, or a plain path behind `file://`, as
/// many people write it.
///
/// Which of the two a text with a valid `%XX` is, the files decide: the decoded path counts, but where only
/// the path as written exists, that one does. So a folder that is really called `100%25` is found too.
public struct FileURI: Sendable, Equatable {
    /// The path as it is written, without a slash at the end.
    let written: String
    /// The path with its percent-encoding undone; `nil` where there is none, or where it is no valid one.
    let decoded: String?

    /// - Parameter field: named in errors.
    /// - Throws: `LockstepError(.configuration)` for any other URI.
    public init(_ uri: String, field: String) throws {
        guard !uri.utf8.contains(0) else {
            throw LockstepError(
                .configuration,
                "\(field) is \(PrintableText.escaped(uri)): no path has a zero byte in it; take it out")
        }
        if uri.hasPrefix("s3://") {
            throw LockstepError(
                .configuration,
                "\(field) is \(uri), but this cluster reads and writes files only: "
                    + "put the data on storage that all workers share and name it file:///PATH")
        }
        // Names of schemes and hosts have no case.
        let start = uri.prefix("file://localhost/".count).lowercased()
        guard let prefix = ["file:///", "file://localhost/", "file:/"].first(where: { start.hasPrefix($0) }),
            prefix != "file:/" || !start.hasPrefix("file://")
        else {
            throw LockstepError(
                .configuration,
                "\(field) is \(uri.isEmpty ? "empty" : uri), which is not a file:///ABSOLUTE/PATH")
        }
        written = Self.trimmed("/" + uri.dropFirst(prefix.count))
        decoded = Self.decoded(written)
    }

    /// - Parameter exists: whether there is something at a path.
    public func path(exists: (String) -> Bool = FileURI.exists) -> String {
        guard let decoded else { return written }
        return exists(written) && !exists(decoded) ? written : decoded
    }

    /// The URI of a path, such that any reader finds that path again.
    public static func encoded(_ path: String) -> String {
        // Only what would be read as an encoding has to be encoded.
        decoded(path) == nil ? "file://" + path : "file://" + path.replacing("%", with: "%25")
    }

    /// Whether there is a file or folder, or a link to one.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func trimmed(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }

    /// - Returns: `nil` where nothing is encoded, where a `%` is followed by anything but two digits, and
    ///   where the bytes are no text.
    private static func decoded(_ path: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        var isEncoded = false
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value != 0
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
            isEncoded = true
        }
        guard isEncoded else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
