import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// Writes one file of records, plain or gzip.
final class RecordFileWriter {
    private let path: String
    private let descriptor: Int32
    private let gzip: GzipWriter?
    /// Bytes written so far, compressed.
    var byteCount: Int { counter.value }
    private let counter: Counter

    /// Shared with the gzip writer's sink, which must not hold the writer.
    private final class Counter { var value = 0 }

    /// Creates the file, which must not exist.
    init(path: String, isGzip: Bool) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LockstepError(.io, "\(path) cannot be created (\(String(cString: strerror(errno))))")
        }
        let (descriptor, counter) = (descriptor, Counter())
        self.counter = counter
        gzip =
            isGzip
            ? try GzipWriter { try Self.write($0, to: descriptor, path: path, counter) } : nil
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes {
            if let gzip {
                try gzip.write($0)
            } else {
                try Self.write($0, to: descriptor, path: path, counter)
            }
        }
    }

    /// Writes what is left and waits until it is on the disk.
    func finish() throws {
        try gzip?.finish()
        guard fsync(descriptor) == 0 else { throw Self.failed(path) }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String, _ counter: Counter
    ) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failed(path)
            }
            counter.value += count
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    private static func failed(_ path: String) -> LockstepError {
        LockstepError(.io, "\(path) cannot be written (\(String(cString: strerror(errno))))")
    }
}
