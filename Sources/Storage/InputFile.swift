import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// A file read forward, in large pieces; gzip is decompressed on the way.
///
/// Reads with read(2) and not through a mapping, so that pages of the file never count as memory of
/// the process.
package final class InputFile {
    /// Whether the bytes are compressed.
    package enum Compression: Sendable {
        /// Told by the two magic bytes of gzip.
        case automatic
        /// Must be gzip; anything else is an error.
        case gzip
    }

    package let path: String
    package let isGzip: Bool
    /// Bytes on disk.
    package let byteCount: Int
    /// Where the next read starts, in uncompressed bytes.
    package private(set) var offset = 0
    private let descriptor: Int32
    private var gzip: GzipReader?

    /// - Throws: `LockstepError(.notFound)`, `(.io)` when it cannot be read, `(.data)` when it is not gzip
    ///   though it must be.
    package init(path: String, compression: Compression = .automatic) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let number = errno
            let code: LockstepError.Code = number == ENOENT || number == ENOTDIR ? .notFound : .io
            throw LockstepError(code, "\(path) cannot be opened (\(Self.reason(number)))")
        }
        var status = stat()
        var magic: (UInt8, UInt8) = (0, 0)
        let isDirectory = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        byteCount = Int(status.st_size)
        let count = isDirectory ? 0 : pread(descriptor, &magic, 2, 0)
        isGzip = count == 2 && magic == (0x1F, 0x8B)
        // From here on every property is set, so that a throw runs deinit, which closes the file.
        if isDirectory {
            throw LockstepError(.data, "\(path) is a folder where a file belongs")
        }
        if compression == .gzip, !isGzip, byteCount > 0 {
            throw LockstepError(
                .data, "\(path) is not a gzip file though CompressionType says Gzip; compress it or say None")
        }
        if isGzip { gzip = try makeGzipReader() }
    }

    deinit { close(descriptor) }

    /// Fills `buffer` as far as the file goes.
    ///
    /// - Returns: the bytes read; fewer than asked for at the end only, 0 after it.
    /// - Throws: `LockstepError(.io)`, or `(.data)` for damaged gzip.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var count = 0
        if let gzip {
            count = try gzip.read(into: buffer)
        } else {
            while count < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer.dropFirst(count))
                let more = try Self.readSome(descriptor, into: rest, path: path)
                if more == 0 { break }
                count += more
            }
        }
        offset += count
        return count
    }

    /// Makes `target` the offset of the next read: at once in a plain file; in gzip by decompressing
    /// up to it, from the start when it lies behind.
    package func seek(to target: Int) throws {
        guard target != offset else { return }
        guard isGzip else {
            guard lseek(descriptor, off_t(target), SEEK_SET) >= 0 else {
                throw LockstepError(.io, "\(path) cannot be read from byte \(target) (\(Self.reason(errno)))")
            }
            offset = target
            return
        }
        if target < offset {
            guard lseek(descriptor, 0, SEEK_SET) >= 0 else {
                throw LockstepError(.io, "\(path) cannot be read again (\(Self.reason(errno)))")
            }
            gzip = try makeGzipReader()
            offset = 0
        }
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
        defer { scratch.deallocate() }
        while offset < target {
            let want = min(scratch.count, target - offset)
            guard try read(into: UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(want))) > 0 else {
                throw LockstepError(.data, "\(path) ended at byte \(offset), before byte \(target)")
            }
        }
    }

    private func makeGzipReader() throws -> GzipReader {
        // The closure must not hold `self`, which holds the reader.
        let (descriptor, path) = (descriptor, path)
        return try GzipReader(path: path) { try Self.readSome(descriptor, into: $0, path: path) }
    }

    private static func readSome(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, path: String
    ) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw LockstepError(.io, "\(path) cannot be read (\(reason(errno)))") }
        }
    }

    private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
