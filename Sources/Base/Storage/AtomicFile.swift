import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Files that are on the disk whole or not at all.
public enum AtomicFile {
    /// Puts `bytes` at `path` through a temporary file beside it: write, synchronise, rename,
    /// synchronise the folder. After a failure nothing new is left behind.
    ///
    /// - Throws: `LockstepError(.io)` naming the path and the system's reason.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = "\(path).writing-\(getpid())"
        do {
            try writeThrough(bytes, to: temporary)
            try FileSystem.rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
        try FileSystem.synchronizeFolder(FileSystem.parent(of: path) ?? "/")
    }

    /// Writes `bytes` to a new file (or over an old one) and synchronises it. Not atomic: for files
    /// in a folder that is renamed into place as a whole.
    public static func writeThrough(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw LockstepError.system("create", path) }
        defer { close(descriptor) }
        try append(bytes, to: descriptor, path: path)
        guard fsync(descriptor) == 0 else { throw LockstepError.system("synchronise", path) }
    }

    /// All bytes of a file. What is no plain file (a pipe, a device, a folder) is not waited for.
    ///
    /// - Throws: `LockstepError(.notFound)`, `(.io)`, or `(.damaged)` where no plain file lies, naming the
    ///   path.
    public static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LockstepError.system("look at", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LockstepError(.damaged, "\(path) is no plain file")
        }
        let size = Int(status.st_size)
        try AvailableMemory.require(size, for: "reading \(path)")
        var failure: LockstepError?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let read = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = .system("read", path) }
                if read <= 0 { return }
                count += read
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` to an open file at its position.
    package static func append(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        try bytes.withUnsafeBytes { buffer in
            var rest = buffer
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw LockstepError.system("write", path)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
