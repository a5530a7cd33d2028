import Crypto
import Foundation

/// Signs requests as AWS's clients do (Signature Version 4, in headers).
package struct RequestSigner: Sendable {
    private let key: AccessKey
    private let region: String
    private let service: String

    /// - Parameters:
    ///   - region: goes into the ARNs of what is made.
    ///   - service: `sagemaker`.
    package init(_ key: AccessKey, region: String = "us-east-1", service: String = "sagemaker") {
        self.key = key
        self.region = region
        self.service = service
    }

    /// The headers that make `request` a signed one; they cover all headers that it has.
    ///
    /// - Parameter seconds: now, in seconds since 1970.
    package func headers(for request: SignableRequest, at seconds: Double) -> [(name: String, value: String)]
    {
        let time = SigningTime.text(seconds)
        var request = request
        request.headers.append(("X-Amz-Date", time))
        let scope = SigningScope(day: String(time.prefix(8)), region: region, service: service)
        let signed = Set(request.headers.map { $0.name.lowercased() }).sorted()
        let text = scope.stringToSign(request.canonical(signed: signed), time: time)
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8), using: scope.key(secret: key.secretAccessKey)
        ).hex
        let authorization =
            "\(SigningScope.algorithm) Credential=\(key.accessKeyID)/\(scope.text), "
            + "SignedHeaders=\(signed.joined(separator: ";")), Signature=\(signature)"
        return [("X-Amz-Date", time), ("Authorization", authorization)]
    }
}
