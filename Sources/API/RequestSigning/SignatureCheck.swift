import Crypto
import Foundation

/// Checks the signature of a request that has come.
package struct SignatureCheck: Sendable {
    /// How far a client's clock may be off, in seconds: AWS's five minutes.
    package static let skewSeconds = 300.0

    private let authorization: Authorization
    private let time: String

    /// Checks all that can be told before the body is there: the form of the header, and the time.
    ///
    /// - Parameters:
    ///   - request: its body does not count yet.
    ///   - seconds: now, in seconds since 1970.
    package init(_ request: SignableRequest, at seconds: Double) throws(SignatureFault) {
        guard let text = request.header("authorization") else { throw .missing }
        authorization = try Authorization(text)
        guard let time = request.header("x-amz-date"), let signed = SigningTime.seconds(time) else {
            throw .incomplete("the request has no X-Amz-Date of the form YYYYMMDDTHHMMSSZ")
        }
        self.time = time
        guard abs(seconds - signed) <= Self.skewSeconds else {
            throw .expired(signed: time, now: SigningTime.text(seconds))
        }
        guard time.hasPrefix(authorization.scope.day) else {
            throw .incomplete("its Credential is of another day than X-Amz-Date")
        }
        let covered = Set(authorization.signedHeaders)
        for name in Self.mustBeSigned(request) where !covered.contains(name) {
            throw .incomplete("its SignedHeaders leave out \(name)")
        }
    }

    /// Id of the key that the request says it is signed with.
    package var accessKeyID: String { authorization.accessKeyID }

    /// - Throws: `SignatureFault.wrong` when `key` did not sign `request`.
    package func verify(_ request: SignableRequest, with key: AccessKey) throws(SignatureFault) {
        let signed = authorization.signedHeaders.map { $0.lowercased() }.sorted()
        let text = authorization.scope.stringToSign(request.canonical(signed: signed), time: time)
        guard let code = Self.bytes(authorization.signature),
            HMAC<SHA256>.isValidAuthenticationCode(
                code, authenticating: Data(text.utf8),
                using: authorization.scope.key(secret: key.secretAccessKey))
        else { throw .wrong }
    }

    /// Host, and whatever says what the request is to do.
    private static func mustBeSigned(_ request: SignableRequest) -> Set<String> {
        Set(request.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("x-amz-") } + ["host"])
    }

    private static func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex)
        guard digits.count == 64 else { return nil }
        let bytes = stride(from: 0, to: 64, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return bytes.count == 32 ? bytes : nil
    }
}
