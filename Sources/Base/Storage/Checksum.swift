import Crypto

#if canImport(Glibc)
    import Glibc
#endif

/// SHA-256 in hexadecimal, as `sha256sum` prints it.
public enum Checksum {
    /// 64 hex digits over `bytes`.
    public static func sha256(_ bytes: [UInt8]) -> String {
        hexadecimal([UInt8](SHA256.hash(data: bytes)))
    }

    /// Size and 64 hex digits of a plain file, in constant memory.
    ///
    /// - Throws: `LockstepError` naming the file.
    public static func sha256(file path: String) throws -> (byteCount: Int, digits: String) {
        let (descriptor, _) = try FileSystem.openFile(path)
        defer { close(descriptor) }
        var (hasher, total) = (SHA256(), 0)
        try FileSystem.readPieces(of: descriptor, path: path) { piece in
            hasher.update(bufferPointer: piece)
            total += piece.count
        }
        return (total, hexadecimal([UInt8](hasher.finalize())))
    }

    /// Two lower-case digits a byte.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = [UInt8]("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
