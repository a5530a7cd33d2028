import Diagnostics
package import Logging
import NIOCore
import NIOPosix
import Wire

/// Accepts control connections on one address.
package struct ControlServer: Sendable {
    /// The port it listens on; the one asked for, or the one the system chose for port 0.
    package let port: Int
    private let token: ControlToken
    private let logger: Logger
    private let listener: NIOAsyncChannel<ControlConnection.Link, Never>
    private let strangers: Strangers

    /// Starts to listen.
    ///
    /// - Throws: `.conflict` when the port is taken, `.network` when the address is not this node's.
    package static func bind(
        host: String, port: Int, token: ControlToken, logger: Logger
    ) async throws -> ControlServer {
        do {
            var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptPause.handler(logger))
                    }
                }
            for (option, value) in ConnectionLiveness.options {
                bootstrap = bootstrap.childChannelOption(option, value: value)
            }
            let listener =
                try await bootstrap
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { try ControlConnection.wrap(channel) }
                }
            guard let bound = listener.channel.localAddress?.port else {
                throw LockstepError(.network, "\(host):\(port) gave no port to listen on")
            }
            return ControlServer(
                port: bound, token: token, logger: logger, listener: listener,
                strangers: Strangers(logger: logger))
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw LockstepError(
                .conflict,
                "\(host):\(port) is taken by another process: stop that process or choose another port")
        } catch let error as LockstepError {
            throw error
        } catch {
            throw LockstepError(.network, "cannot listen on \(host):\(port)", cause: error)
        }
    }

    /// Serves connections until it is cancelled; a connection's error ends that connection only.
    package func serve(_ handler: @escaping ControlHandler<Void>) async throws {
        // The loop itself is never cancelled: that would drop connections which are accepted and not served
        // yet, and NIO traps when an open one is dropped. It ends with the listener, after the last of them.
        let loop = Task { try await self.acceptAll(handler) }
        try await withTaskCancellationHandler {
            try await loop.value
        } onCancel: {
            listener.channel.close(promise: nil)
        }
        try Task.checkCancellation()
    }

    /// Serves what is accepted until the listener is closed, and ends what is served then.
    private func acceptAll(_ handler: @escaping ControlHandler<Void>) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            try await listener.executeThenClose { connections in
                for try await link in connections {
                    let number = strangers.enter(link.connection.channel)
                    group.addTask {
                        await self.serve(link, number, handler)
                        strangers.leave(number)
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func serve(
        _ link: ControlConnection.Link, _ number: Int, _ handler: @escaping ControlHandler<Void>
    ) async {
        let address = link.connection.channel.remoteAddress.map { "\($0)" } ?? "unknown"
        do {
            try await ControlConnection.run(
                link, address: address,
                handshake: { [token, strangers] outbound, inbox in
                    try await Handshake(token: token, allowance: link.allowance, outbound: outbound)
                        .accept(&inbox)
                    strangers.leave(number)
                }, handler)
        } catch is CancellationError {
        } catch {
            logger.info(
                "control connection ended", metadata: ["peer": "\(address)", "reason": "\(error)"])
        }
    }
}
