import CZlib
import Crypto
import Storage

/// What the bytes of an object must give.
package enum ObjectDigest: Sendable, Equatable {
    /// 32 hexadecimal digits.
    case md5(String)
    /// Of zlib and gzip.
    case crc32(UInt32)
    /// MD5 over the MD5s of parts: 32 hexadecimal digits, and the bytes of each part but the last.
    case md5OfParts(String, partBytes: Int)

    /// For messages: `MD5`.
    var name: String {
        switch self {
        case .md5: "MD5"
        case .crc32: "CRC-32"
        case .md5OfParts: "MD5 of its parts"
        }
    }
}

/// Checks bytes, as they come, against a digest.
struct DigestCheck {
    private let digest: ObjectDigest
    private var md5 = Insecure.MD5()
    private var crc: UInt = 0
    private var parts: [UInt8] = []
    private var partCount = 0

    init(_ digest: ObjectDigest) { self.digest = digest }

    mutating func update(_ bytes: [UInt8]) {
        switch digest {
        case .md5: md5.update(data: bytes)
        case .crc32: crc = CRC32.update(crc, bytes)
        case .md5OfParts(_, let partBytes):
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(partBytes - partCount)
                md5.update(data: Array(piece))
                partCount += piece.count
                rest = rest.dropFirst(piece.count)
                if partCount == partBytes { endPart() }
            }
        }
    }

    /// Whether the bytes so far give the digest. Call once, last.
    mutating func holds() -> Bool {
        switch digest {
        case .md5(let text): return Checksum.hexadecimal(Array(md5.finalize())) == text
        case .crc32(let number): return UInt32(truncatingIfNeeded: crc) == number
        case .md5OfParts(let text, _):
            if partCount > 0 { endPart() }
            return Checksum.hexadecimal(Array(Insecure.MD5.hash(data: parts))) == text
        }
    }

    private mutating func endPart() {
        parts += Array(md5.finalize())
        md5 = Insecure.MD5()
        partCount = 0
    }
}

/// The checksum of gzip and of S3's `x-amz-checksum-crc32`.
enum CRC32 {
    static func update(_ crc: UInt, _ bytes: [UInt8]) -> UInt {
        bytes.withUnsafeBufferPointer { crc32_z(crc, $0.baseAddress, $0.count) }
    }

    static func of(_ bytes: [UInt8]) -> UInt32 { UInt32(truncatingIfNeeded: update(0, bytes)) }
}
