import Diagnostics
import NIOCore
import NIOPosix
import Wire

/// Opens control connections.
package enum ControlClient {
    /// How long a peer may take to accept the connection.
    static let connectTimeout = TimeAmount.seconds(5)

    /// Connects, shows the token, runs `handler` and closes the connection.
    ///
    /// - Parameter peer: who is expected there, in words: "the coordinator at HOST:PORT".
    /// - Throws: `.network` when nobody answers, `.denied` when the token is refused, or what
    ///   `handler` throws.
    package static func withConnection<Result: Sendable>(
        host: String, port: Int, token: ControlToken, peer: String,
        _ handler: @escaping ControlHandler<Result>
    ) async throws -> Result {
        let link: ControlConnection.Link
        do {
            var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(connectTimeout)
            for (option, value) in ConnectionLiveness.options {
                bootstrap = bootstrap.channelOption(option, value: value)
            }
            link =
                try await bootstrap
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { try ControlConnection.wrap(channel) }
                }
        } catch {
            throw LockstepError(.network, "cannot reach \(peer)", cause: error)
        }
        return try await ControlConnection.run(
            link, address: "\(host):\(port)",
            handshake: { [allowance = link.allowance] outbound, inbox in
                try await Handshake(token: token, allowance: allowance, outbound: outbound)
                    .connect(&inbox, to: peer)
            }, handler)
    }
}
