import Crypto
import Diagnostics
import Glibc
import Storage

/// A commit on disk or in shared memory: the program's bytes, then a footer of 80 bytes with the commit's
/// name and a SHA-256 over all before it. It appears under its name when it is whole.
enum CommitFile {
    static let footerByteCount = 80
    private static let magic = [UInt8]("LSCOMMIT".utf8)
    private static let pieceByteCount = 1 << 20

    /// Writes a commit.
    ///
    /// - Parameters:
    ///   - read: fills a buffer with the next bytes of the state and says how many; it is not asked for more
    ///     than `byteCount` in all.
    ///   - isDurable: whether to wait for the disk.
    /// - Throws: `.io`; before the first `read` when there is no room.
    static func write(
        _ name: CommitName, in folder: String, byteCount: Int, isDurable: Bool,
        read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws {
        let path = folder + "/" + name.fileName
        let temporary = path + ".writing"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LockstepError.system("create", temporary) }
        do {
            defer { close(file) }
            // All the room at once: half a state in shared memory helps nobody.
            let shortage = posix_fallocate(file, 0, off_t(byteCount + footerByteCount))
            guard shortage == 0 else {
                errno = shortage
                throw LockstepError.system("find \(byteCount) bytes of room for", temporary)
            }
            var hash = SHA256()
            try withPiece { piece in
                var rest = byteCount
                while rest > 0 {
                    let count = try read(UnsafeMutableRawBufferPointer(rebasing: piece.prefix(rest)))
                    let bytes = UnsafeRawBufferPointer(rebasing: piece.prefix(count))
                    hash.update(bufferPointer: bytes)
                    try append(bytes, to: file, temporary)
                    rest -= count
                }
            }
            let words = magic + Self.words(name, byteCount)
            hash.update(data: words)
            try AtomicFile.append(words + Array(hash.finalize()), to: file, path: temporary)
            if isDurable, fsync(file) != 0 { throw LockstepError.system("synchronise", temporary) }
            try FileSystem.rename(temporary, to: path)
            if isDurable { try FileSystem.synchronizeFolder(folder) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives the state's bytes in pieces, after all of them have been checked.
    ///
    /// - Parameter start: is told their number before the first piece.
    /// - Throws: `.damaged` naming the file when it is torn or not what was written.
    static func read(
        _ name: CommitName, in folder: String, start: (Int) throws -> Void = { _ in },
        piece: ((UnsafeRawBufferPointer) throws -> Void)? = nil
    ) throws {
        let path = folder + "/" + name.fileName
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw LockstepError.system("open", path) }
        defer { close(file) }
        let damaged = LockstepError(.damaged, "the commit \(path) is not what was written")
        let size = Int(lseek(file, 0, SEEK_END))
        let byteCount = size - footerByteCount
        guard byteCount >= 0 else { throw damaged }
        var footer = [UInt8](repeating: 0, count: footerByteCount)
        guard pread(file, &footer, footerByteCount, off_t(byteCount)) == footerByteCount else {
            throw damaged
        }
        let words = magic + Self.words(name, byteCount)
        guard footer.starts(with: words) else { throw damaged }
        var hash = SHA256()
        try pieces(of: file, byteCount, path) { hash.update(bufferPointer: $0) }
        hash.update(data: words)
        guard hash.finalize().elementsEqual(footer.suffix(32)) else { throw damaged }
        try start(byteCount)
        if let piece { try pieces(of: file, byteCount, path, piece) }
    }

    /// Copies a commit durably, and checks it on the way.
    static func copy(_ name: CommitName, from source: String, to target: String) throws {
        // Checked first, so that what is damaged never gets a name over there.
        try read(name, in: source)
        let path = source + "/" + name.fileName
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw LockstepError.system("open", path) }
        defer { close(file) }
        let byteCount = Int(lseek(file, 0, SEEK_END)) - footerByteCount
        lseek(file, 0, SEEK_SET)
        try write(name, in: target, byteCount: byteCount, isDurable: true) { buffer in
            let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            guard count > 0 else { throw LockstepError.system("read", path) }
            return count
        }
    }

    private static func words(_ name: CommitName, _ byteCount: Int) -> [UInt8] {
        [name.attempt, name.rank, name.world, name.step, byteCount].flatMap { number in
            withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0) }
        }
    }

    private static func withPiece<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 16)
        defer { piece.deallocate() }
        return try body(piece)
    }

    private static func pieces(
        of file: Int32, _ byteCount: Int, _ path: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try withPiece { piece in
            var offset = 0
            while offset < byteCount {
                let wanted = min(piece.count, byteCount - offset)
                let count = pread(file, piece.baseAddress, wanted, off_t(offset))
                guard count > 0 else { throw LockstepError.system("read", path) }
                try body(UnsafeRawBufferPointer(rebasing: piece.prefix(count)))
                offset += count
            }
        }
    }

    private static func append(_ bytes: UnsafeRawBufferPointer, to file: Int32, _ path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(file, rest.baseAddress, rest.count)
            guard count > 0 else {
                if errno == EINTR { continue }
                throw LockstepError.system("write", path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }
}
