import Crypto
import Foundation

/// A cluster's word for a certificate: `certificate.sig` beside `certificate.json`. It says that an attempt
/// of that job, begun by that request, ended well and left that certificate.
public struct CertificateSignature: Codable, Sendable, Equatable {
    /// Name in the job's output folder.
    public static let fileName = "certificate.sig"

    public var job: String
    public var attempt: Int
    /// Worker whose daemon has signed.
    public var worker: String
    /// SHA-256 of the request as the cluster had it, and of `certificate.json`: 64 hex digits.
    public var request: String
    public var certificate: String
    public var publicKey: String
    /// Base64.
    public var signature: String

    /// Signs.
    ///
    /// - Parameters:
    ///   - certificate: bytes of `certificate.json`.
    ///   - requestDigest: SHA-256 of the job's request as received, 64 hex digits.
    public init(
        job: String, attempt: Int, worker: String, requestDigest: String, certificate: [UInt8],
        key: ClusterKey
    ) throws {
        self.job = job
        self.attempt = attempt
        self.worker = worker
        request = requestDigest
        self.certificate = Checksum.sha256(certificate)
        publicKey = key.publicKey.text
        signature = ""
        signature = try key.sign(statement)
    }

    /// Reads a file's bytes; `nil` when they make no sense.
    public init?(decoding bytes: [UInt8]) {
        guard let decoded = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        self = decoded
    }

    /// The file's bytes.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Whether `key` has signed this, for those bytes of `certificate.json`.
    public func isValid(for certificate: [UInt8], key: ClusterPublicKey) -> Bool {
        self.certificate == Checksum.sha256(certificate) && key.isValid(signature, over: statement)
    }

    /// What is signed: all facts, each on a line of its own.
    private var statement: [UInt8] {
        let lines = [
            "lockstep certificate 1", "job \(job)", "attempt \(attempt)", "worker \(worker)",
            "request \(request)", "certificate \(certificate)",
        ]
        return [UInt8](lines.map { $0 + "\n" }.joined().utf8)
    }
}
