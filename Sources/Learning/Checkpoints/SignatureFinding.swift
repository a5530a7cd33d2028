import Storage

/// Who vouches for a certificate, as `certificate.sig` beside it says.
struct SignatureFinding {
    private(set) var standing = ProofFinding.Standing.unsigned
    private(set) var problems: [String] = []

    /// - Parameters:
    ///   - job: that the certificate names.
    ///   - path: of the certificate.
    ///   - signature: bytes of `signaturePath`; `nil` when it is not there.
    ///   - key: the cluster's, where the verifier has it.
    ///   - mustBeSigned: whether only a signature by `key` will do.
    init(
        of certificate: [UInt8], job: String, path: String, signature: [UInt8]?, signaturePath: String,
        key: ClusterPublicKey?, mustBeSigned: Bool
    ) {
        guard let signature else {
            if mustBeSigned { problems.append("\(path) is not signed: \(signaturePath) is missing") }
            return
        }
        guard let signed = CertificateSignature(decoding: signature),
            let signer = ClusterPublicKey(signed.publicKey)
        else {
            standing = .none
            problems.append("\(signaturePath) is no signature")
            return
        }
        guard signed.isValid(for: certificate, key: signer), signed.job == job else {
            standing = .none
            problems.append("\(signaturePath) is not a signature of \(path)")
            return
        }
        if let key, key != signer {
            standing = .signedByUnknownKey
            guard mustBeSigned else { return }
            problems.append("\(signaturePath) is of \(signer.text), which is not the cluster's key")
            return
        }
        standing = key == nil ? .signedByUnknownKey : .signed
    }
}
