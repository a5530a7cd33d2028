import Crypto
import Foundation

/// What a signature is good for: one day, one region, one service.
package struct SigningScope: Sendable, Equatable {
    /// `20261125`.
    package var day: String
    package var region: String
    /// `sagemaker`, `logs`.
    package var service: String

    package init(day: String, region: String, service: String) {
        self.day = day
        self.region = region
        self.service = service
    }

    static let terminator = "aws4_request"
    static let algorithm = "AWS4-HMAC-SHA256"

    /// `20261125/us-east-1/sagemaker/aws4_request`.
    package var text: String { "\(day)/\(region)/\(service)/\(Self.terminator)" }

    /// What is signed for a canonical request at a time.
    func stringToSign(_ canonical: String, time: String) -> String {
        [Self.algorithm, time, text, SHA256.hash(data: Data(canonical.utf8)).hex].joined(separator: "\n")
    }

    /// The key that signs within this scope.
    func key(secret: String) -> SymmetricKey {
        [day, region, service, Self.terminator].reduce(SymmetricKey(data: Data("AWS4\(secret)".utf8))) {
            SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Data($1.utf8), using: $0)))
        }
    }
}
