import Crypto
import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// The bytes of a file as they lie on the disk, hashed on the way where somebody asks for it.
final class RawFile {
    private let path: String
    private let descriptor: Int32
    /// Of all bytes before the next one; `nil` when nobody asked, or bytes were passed over.
    private var hasher: SHA256?

    /// - Parameter descriptor: is closed when this object goes.
    init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// - Returns: the bytes read; 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 {
                hasher?.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
                return count
            }
            if errno != EINTR {
                throw LockstepError(.io, "\(path) cannot be read (\(Self.reason(errno)))")
            }
        }
    }

    func seek(to offset: Int) throws {
        hasher = nil
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else {
            throw LockstepError(.io, "\(path) cannot be read from byte \(offset) (\(Self.reason(errno)))")
        }
    }

    func beginDigest() { hasher = SHA256() }

    /// SHA-256 of the whole file: reads what is left, or all of it again where bytes were passed over.
    func digest() throws -> [UInt8] {
        if hasher == nil {
            try seek(to: 0)
            beginDigest()
        }
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
        defer { scratch.deallocate() }
        while try read(into: scratch) > 0 {}
        return hasher.map { [UInt8]($0.finalize()) } ?? []
    }

    static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
