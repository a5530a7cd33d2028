import Crypto
import Foundation

/// The key with which a cluster signs its jobs' certificates (Ed25519). Only daemons have it.
public struct ClusterKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// - Parameter seed: 32 secret bytes; `nil` comes of any other number.
    public init?(seed: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.key = key
    }

    /// What others need to check signatures.
    public var publicKey: ClusterPublicKey { ClusterPublicKey(key: key.publicKey) }

    /// Name of the public half in a daemon's data folder.
    public static let publicFileName = "certificate.pub"

    /// A signature over `bytes`, in base64.
    public func sign(_ bytes: [UInt8]) throws -> String {
        try key.signature(for: bytes).base64EncodedString()
    }
}

/// The public half of a cluster's key, as text: `lockstep-ed25519 BASE64`.
public struct ClusterPublicKey: Sendable, Equatable {
    private static let prefix = "lockstep-ed25519 "
    private let key: Curve25519.Signing.PublicKey

    init(key: Curve25519.Signing.PublicKey) { self.key = key }

    /// Reads the text; `nil` when it is no such key.
    public init?(_ text: String) {
        let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard line.hasPrefix(Self.prefix),
            let bytes = Data(base64Encoded: String(line.dropFirst(Self.prefix.count))),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        else { return nil }
        self.key = key
    }

    public var text: String { Self.prefix + key.rawRepresentation.base64EncodedString() }

    /// Whether the holder of the private half has signed these bytes.
    public func isValid(_ signature: String, over bytes: [UInt8]) -> Bool {
        guard let signature = Data(base64Encoded: signature) else { return false }
        return key.isValidSignature(signature, for: bytes)
    }

    public static func == (left: ClusterPublicKey, right: ClusterPublicKey) -> Bool {
        left.key.rawRepresentation == right.key.rawRepresentation
    }
}
