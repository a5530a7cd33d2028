import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// A file that only grows, or is cut back to a known length; each append is durable on return.
public final class RecordFile {
    private let path: String
    private let descriptor: Int32

    /// Opens or creates the file and cuts it to `length` bytes.
    ///
    /// - Throws: `LockstepError(.io)` naming the path.
    public init(_ path: String, length: Int) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw LockstepError.system("cut", path) }
    }

    deinit { close(descriptor) }

    /// Writes `bytes` at `offset` and synchronises. A failed append is cut off again, so that no
    /// part of a record stays behind.
    public func write(_ bytes: [UInt8], at offset: Int) throws {
        do {
            guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
                throw LockstepError.system("seek in", path)
            }
            try AtomicFile.append(bytes, to: descriptor, path: path)
            guard fdatasync(descriptor) == 0 else { throw LockstepError.system("synchronise", path) }
        } catch {
            _ = ftruncate(descriptor, off_t(offset))
            throw error
        }
    }
}
