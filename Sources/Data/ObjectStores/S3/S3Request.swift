import Crypto
import Foundation
import RequestSigning
import Storage

/// A request to S3 before it is signed.
struct S3Request {
    var method: String
    /// `nil`: the bucket itself.
    var key: String?
    var query: [(name: String, value: String?)] = []
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    /// Path and query, encoded as they are sent and signed.
    func target(bucket: String, usesPathStyle: Bool) -> String {
        let path =
            (usesPathStyle ? "/" + bucket : "") + "/" + (key.map { Self.encoded($0, keepsSlash: true) } ?? "")
        guard !query.isEmpty else { return path }
        let pairs = query.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value ?? ""))" }.sorted()
        return path + "?" + pairs.joined(separator: "&")
    }

    /// All bytes but letters, digits and `-._~` as `%XX`.
    static func encoded(_ text: String, keepsSlash: Bool = false) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte) || (keepsSlash && byte == 0x2F)
            if isPlain {
                out.append(byte)
            } else {
                out += Array("%".utf8) + Array(Checksum.hexadecimal([byte]).uppercased().utf8)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The request with MD5 and CRC-32 of its body, which the store checks before it takes it.
    func withChecksums() -> S3Request {
        var request = self
        request.headers.append(("Content-MD5", Data(Insecure.MD5.hash(data: body)).base64EncodedString()))
        request.headers.append((Self.crcHeader, Self.base64(CRC32.of(body))))
        return request
    }

    static let crcHeader = "x-amz-checksum-crc32"

    static func base64(_ crc: UInt32) -> String {
        withUnsafeBytes(of: crc.bigEndian) { Data($0).base64EncodedString() }
    }

    /// The number of such a header; `nil` for one over several parts.
    static func crc(_ text: String) -> UInt32? {
        guard let bytes = Data(base64Encoded: text), bytes.count == 4 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
