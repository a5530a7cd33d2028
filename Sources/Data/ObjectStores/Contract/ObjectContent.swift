import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// What is put: bytes, a file, or pieces as they come.
package enum ObjectContent: Sendable {
    case bytes([UInt8])
    /// The plain file at a path, as it is now. One that changes while it is read is an error.
    case file(String)
    /// Pieces, until `nil` comes; each is asked for once.
    case stream(@Sendable () async throws -> [UInt8]?)

    /// Gives the content piece by piece.
    ///
    /// - Parameter pieceBytes: of a file, at most.
    func forEachPiece(of pieceBytes: Int = 1 << 20, _ take: ([UInt8]) async throws -> Void) async throws {
        switch self {
        case .bytes(let bytes): try await take(bytes)
        case .stream(let next): while let piece = try await next() { try await take(piece) }
        case .file(let path):
            let file = try ContentFile(path)
            for start in stride(from: 0, to: file.size, by: pieceBytes) {
                try Task.checkCancellation()
                try await take(file.read(start..<min(start + pieceBytes, file.size)))
            }
            try file.requireUnchanged()
        }
    }
}

/// A file that is put, open for as long as that takes. Safe to read from several tasks: `pread` only.
final class ContentFile: Sendable {
    let path: String
    let size: Int
    private let descriptor: Int32
    private let changed: Int64

    /// - Throws: as `FileSystem.openFile` does.
    init(_ path: String) throws {
        self.path = path
        (descriptor, size) = try FileSystem.openFile(path)
        changed = Self.changeTime(descriptor)
    }

    deinit { close(descriptor) }

    /// - Throws: `LockstepError(.io)`, and `.conflict` where the file has become shorter.
    func read(_ range: Range<Int>) throws -> [UInt8] {
        var failure: LockstepError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let start = buffer.baseAddress.map { $0 + count }
                let read = pread(descriptor, start, range.count - count, off_t(range.lowerBound + count))
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = .system("read", path) }
                if read <= 0 { return }
                count += read
            }
        }
        if let failure { throw failure }
        guard bytes.count == range.count else { throw hasChanged() }
        return bytes
    }

    /// - Throws: `LockstepError(.conflict)` where somebody has written to the file since it was opened.
    func requireUnchanged() throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == size,
            Self.changeTime(descriptor) == changed
        else { throw hasChanged() }
    }

    private func hasChanged() -> LockstepError {
        LockstepError(.conflict, "\(path) has changed while it was read: write to it before or after that")
    }

    private static func changeTime(_ descriptor: Int32) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return -1 }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
