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
    private let raw: RawFile
    private var gzip: GzipReader?

    /// - Throws: `LockstepError(.notFound)`, `(.io)` when it cannot be read, `(.data)` when it is no plain
    ///   file or not gzip though it must be.
    package init(path: String, compression: Compression = .automatic) throws {
        self.path = path
        // Before the system is asked: a file server that hangs does so here.
        FileInHand.note(path)
        let (descriptor, size) = try FileSystem.openFile(path)
        raw = RawFile(path: path, descriptor: descriptor)
        byteCount = size
        var magic: (UInt8, UInt8) = (0, 0)
        // From here on every property is set, so that a throw runs deinit, which closes the file.
        isGzip = pread(descriptor, &magic, 2, 0) == 2 && magic == (0x1F, 0x8B)
        if compression == .gzip, !isGzip, byteCount > 0 {
            throw LockstepError(
                .data, "\(path) is not a gzip file though CompressionType says Gzip; compress it or say None")
        }
        if isGzip { gzip = try makeGzipReader() }
    }

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
                let more = try raw.read(into: rest)
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
            try raw.seek(to: target)
            offset = target
            return
        }
        if target < offset {
            try raw.seek(to: 0)
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

    /// From here on the bytes on disk are hashed as they are read; before the first read.
    package func beginDigest() { raw.beginDigest() }

    /// SHA-256 of all bytes on disk, as `sha256sum` has it; what is not read yet is read now.
    package func digest() throws -> [UInt8] { try raw.digest() }

    private func makeGzipReader() throws -> GzipReader {
        // The closure must not hold `self`, which holds the reader.
        let raw = raw
        return try GzipReader(path: path) { try raw.read(into: $0) }
    }
}
