/// Lockstep.GetPublicKey's answer.
public struct PublicKeyResponse: Codable, Sendable, Equatable {
    /// With which the cluster's signatures are checked: `lockstep-ed25519 BASE64`.
    public var publicKey: String

    public init(publicKey: String) { self.publicKey = publicKey }

    enum CodingKeys: String, CodingKey { case publicKey = "PublicKey" }
}
