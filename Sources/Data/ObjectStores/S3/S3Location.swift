import Diagnostics

/// A place in a bucket: `s3://bucket/key`.
package struct S3Location: Sendable, Hashable, Codable {
    package var bucket: String
    /// A key, or what keys begin with; may be empty.
    package var key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    package static let scheme = "s3://"

    /// - Parameter field: named in errors.
    /// - Throws: `LockstepError(.configuration)` where the text is no such place.
    package init(_ uri: String, field: String) throws {
        guard uri.hasPrefix(Self.scheme) else {
            throw LockstepError(.configuration, "\(field) is \(uri), which is no s3://BUCKET/KEY")
        }
        let parts = uri.dropFirst(Self.scheme.count).split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        bucket = String(parts[0])
        key = parts.count > 1 ? String(parts[1]) : ""
        guard Self.isBucketName(bucket) else {
            throw LockstepError(
                .configuration,
                "\(field) is \(uri), but a bucket's name has 3 to 63 lower-case letters, digits, dots and "
                    + "hyphens, with a letter or digit at both ends")
        }
    }

    package var uri: String { "\(Self.scheme)\(bucket)/\(key)" }

    private static func isBucketName(_ name: String) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard (3...63).contains(name.utf8.count), let first = name.utf8.first, let last = name.utf8.last,
            isPlain(first), isPlain(last)
        else { return false }
        return name.utf8.allSatisfy { isPlain($0) || $0 == 0x2D || $0 == 0x2E }
    }
}
