/// One file of a channel as it was when the channel was opened.
public struct FileDigest: Sendable, Equatable {
    /// Path below the channel's own; the file's name where the channel is one file.
    public var name: String
    /// Bytes on disk.
    public var byteCount: Int
    /// 64 hex digits over them, as `sha256sum` prints it.
    public var sha256: String

    public init(name: String, byteCount: Int, sha256: String) {
        self.name = name
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}
