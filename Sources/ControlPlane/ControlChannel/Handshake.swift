import Diagnostics
import NIOCore
import Wire

/// How two sides find out that both know the token, without sending it.
///
/// ```
/// a. client → server   Hello      version, client nonce
/// b. server → client   Challenge  server nonce
/// c. client → server   Proof      HMAC(token, "client", nonces)
/// d. server → client   Welcome    HMAC(token, "server", nonces), or Refused with a sentence
/// ```
/// A proof is good for one pair of nonces and one direction, so neither can be replayed or reflected.
struct Handshake {
    let token: ControlToken
    let allowance: FrameAllowance
    let outbound: NIOAsyncChannelOutboundWriter<ControlMessage>

    /// Connections that have not come through within this time are closed.
    static let deadline = TimeAmount.seconds(10)

    func accept(_ inbox: inout ControlInbox) async throws {
        guard case .hello(let version, let clientNonce) = try await inbox.next() else {
            throw LockstepError(.network, "the peer did not introduce itself")
        }
        guard version == ControlMessage.version else {
            throw await refuse(
                .network,
                "it speaks version \(version) of the control protocol, this side \(ControlMessage.version): "
                    + "install the same release on all nodes")
        }
        guard clientNonce.count == ControlToken.Nonces.byteCount else {
            throw LockstepError(.network, "the peer's nonce has \(clientNonce.count) bytes")
        }
        let nonces = ControlToken.Nonces(client: clientNonce, server: ControlToken.Nonces.fresh())
        try await outbound.write(.challenge(nonce: nonces.server))
        guard case .proof(let digest) = try await inbox.next() else {
            throw LockstepError(.network, "the peer did not show that it knows the token")
        }
        guard token.isValid(digest, from: .client, nonces) else {
            throw await refuse(.denied, "it is not the token of this cluster")
        }
        // Before the answer, upon which the peer may send anything.
        allowance.admit()
        try await outbound.write(.welcome(digest: token.digest(.server, nonces)))
    }

    func connect(_ inbox: inout ControlInbox, to peer: String) async throws {
        let clientNonce = ControlToken.Nonces.fresh()
        try await outbound.write(.hello(version: ControlMessage.version, nonce: clientNonce))
        let serverNonce: [UInt8]
        switch try await inbox.next() {
        case .challenge(let nonce) where nonce.count == ControlToken.Nonces.byteCount: serverNonce = nonce
        case .refused(let code, let reason):
            throw LockstepError(.init(rawValue: code), "\(peer) refused the connection: \(reason)")
        default: throw LockstepError(.network, "\(peer) did not answer the introduction")
        }
        let nonces = ControlToken.Nonces(client: clientNonce, server: serverNonce)
        try await outbound.write(.proof(digest: token.digest(.client, nonces)))
        switch try await inbox.next() {
        case .welcome(let digest):
            guard token.isValid(digest, from: .server, nonces) else {
                throw LockstepError(
                    .denied, "\(peer) does not know the token: check the address and the token file")
            }
            // It speaks only when spoken to, so nothing longer can have come yet.
            allowance.admit()
        case .refused(let code, let reason):
            throw LockstepError(.init(rawValue: code), "\(peer) refused the token: \(reason)")
        default: throw LockstepError(.network, "\(peer) closed the connection during the introduction")
        }
    }

    private func refuse(_ code: LockstepError.Code, _ reason: String) async -> LockstepError {
        // The peer may be gone already; the error is the answer either way.
        try? await outbound.write(.refused(code: code.rawValue, reason: reason))
        return LockstepError(code, "a connection was refused: \(reason)")
    }
}
