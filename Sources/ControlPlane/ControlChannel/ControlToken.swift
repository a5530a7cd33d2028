import Crypto
package import Diagnostics
import Foundation
import Glibc

/// The secret that admits a daemon to a cluster. It is never sent: both sides show that they know it.
package struct ControlToken: Sendable {
    private let key: SymmetricKey

    /// Shortest token that is accepted, in bytes.
    package static let minimumBytes = 16

    /// - Throws: `.usage` when `text` is shorter than `minimumBytes` bytes.
    package init(_ text: String) throws(LockstepError) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.utf8.count >= Self.minimumBytes else {
            throw LockstepError(
                .usage, "the token has \(trimmed.utf8.count) bytes, fewer than \(Self.minimumBytes)")
        }
        key = SymmetricKey(data: Data(trimmed.utf8))
    }

    /// Reads the token from a file; white space around it does not count.
    ///
    /// - Throws: `.notFound` when the file cannot be read, `.denied` when others may read it, `.usage` when
    ///   it holds no token.
    package init(file path: String) throws(LockstepError) {
        try Self.checkMode(of: path)
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw LockstepError(.notFound, "cannot read the token file \(path)", cause: error)
        }
        do {
            try self.init(text)
        } catch {
            throw LockstepError(error.code, "\(path): \(error.message)")
        }
    }

    /// Whoever reads the token is a worker. Root may give it to a group whose members the daemons are.
    private static func checkMode(of path: String) throws(LockstepError) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let isForGroup = status.st_uid == 0 && geteuid() != 0
        guard status.st_mode & (isForGroup ? 0o027 : 0o077) != 0 else { return }
        throw LockstepError(
            .denied,
            "the token file \(path) may be read by others: make a new token, which nobody has seen, and "
                + "`chmod 600 \(path)`")
    }

    /// A fresh token of 256 random bits, in hexadecimal.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let word = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }

    /// 16 hexadecimal digits that are the same for all daemons of a cluster and tell nothing of the token.
    package var clusterTag: String {
        let code = HMAC<SHA256>.authenticationCode(for: Data("lockstep cluster tag".utf8), using: key)
        return code.prefix(8).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// 32 secret bytes that follow from the token, for the key that signs certificates: all daemons of a
    /// cluster have the same, and it tells nothing of the token.
    package var certificateSeed: [UInt8] {
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Data("lockstep certificate key 1".utf8), outputByteCount: 32)
        return key.withUnsafeBytes { Array($0) }
    }

    enum Side: String { case client, server }

    func digest(_ side: Side, _ nonces: Nonces) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: nonces.message(side), using: key))
    }

    func isValid(_ digest: [UInt8], from side: Side, _ nonces: Nonces) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(digest, authenticating: nonces.message(side), using: key)
    }

    /// What makes a proof good for one connection and one direction only.
    struct Nonces: Sendable {
        var client: [UInt8]
        var server: [UInt8]
        static let byteCount = 32

        static func fresh() -> [UInt8] {
            var generator = SystemRandomNumberGenerator()
            return (0..<byteCount).map { _ in generator.next() }
        }

        func message(_ side: Side) -> Data {
            Data(Array("lockstep control 1 \(side.rawValue)".utf8) + client + server)
        }
    }
}
