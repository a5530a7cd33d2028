import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// A log file: each append is one write at its end.
public final class AppendingFile {
    private let path: String
    private let descriptor: Int32

    /// Opens or creates the file.
    public init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
    }

    deinit { close(descriptor) }

    /// Appends a line or record.
    public func append(_ bytes: [UInt8]) throws {
        try AtomicFile.append(bytes, to: descriptor, path: path)
    }
}
