import FoundationEssentials
import Logging
import NIOCore
import Synchronization

/// A connection of a client, from its opening to its end: who is there, and how long it may take.
///
/// It stands next to the socket, before the bytes become HTTP; the responder tells it how far a request is.
final class APIConnection: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// For a head; `isFirst`: none has come yet.
        case waiting(isFirst: Bool)
        case readingBody
        case working
    }

    private struct State {
        var phase = Phase.waiting(isFirst: true)
        /// When the phase began.
        var since = NIODeadline.now()
        var channel: (any Channel)?
        var peer = Peer.address("an unknown address")
        var ownAddress: SocketAddress?
    }

    private let state = Mutex(State())
    private let registry: ConnectionRegistry
    private var limits: APILimits { registry.limits }

    init(_ registry: ConnectionRegistry) { self.registry = registry }

    var peer: Peer { state.withLock { $0.peer } }
    /// The address of this machine that the client connected to.
    var ownAddress: SocketAddress? { state.withLock { $0.ownAddress } }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { open(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        open(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        registry.remove(self, context.channel)
        context.fireChannelInactive()
    }

    private func open(_ context: ChannelHandlerContext) {
        let channel = context.channel
        let peer = Peer(own: channel.localAddress, peer: channel.remoteAddress)
        state.withLock {
            $0.channel = channel
            $0.peer = peer
            $0.ownAddress = channel.localAddress
            $0.since = .now()
        }
        if let refusal = registry.add(self, channel, peer) {
            write(Self.refusal(503, "Service Unavailable", "ServiceUnavailable", refusal), thenClose: true)
        } else {
            watch(channel)
        }
    }

    /// The head of a request is there.
    func beginBody() { enter(.readingBody) }

    /// The request is there, or is not needed any more.
    func endBody() { enter(.working) }

    /// The answer is on its way.
    func endAnswer() { enter(.waiting(isFirst: false)) }

    private func enter(_ phase: Phase) {
        state.withLock {
            $0.phase = phase
            $0.since = .now()
        }
    }

    /// Answers `Expect: 100-continue`.
    func sendContinue() { write("HTTP/1.1 100 Continue\r\n\r\n", thenClose: false) }

    /// Closes the connection once the answer to the present request is out.
    func closeAfterAnswer() {
        // The event with which a server that ends tells its connections so.
        state.withLock { $0.channel }?.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    /// Ends the connection at once.
    func close() { state.withLock { $0.channel }?.close(promise: nil) }

    /// Ends the connection when its client takes too long.
    private func watch(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: limits.shortest) { [weak self, weak channel] in
            guard let self, let channel, channel.isActive else { return }
            let (phase, since) = self.state.withLock { ($0.phase, $0.since) }
            switch phase {
            case .waiting(let isFirst):
                let limit = isFirst ? self.limits.headTimeout : self.limits.idleTimeout
                if since + limit <= .now() { return channel.close(promise: nil) }
            case .readingBody where since + self.limits.bodyTimeout <= .now():
                let message = "The request's body did not come within \(self.limits.bodyTimeout.seconds) s"
                return self.write(
                    Self.refusal(408, "Request Timeout", "RequestTimeout", message), thenClose: true)
            case .readingBody, .working: break
            }
            self.watch(channel)
        }
    }

    /// Sends bytes past the HTTP encoder.
    private func write(_ text: String, thenClose isLast: Bool) {
        guard let channel = state.withLock({ $0.channel }) else { return }
        channel.eventLoop.execute {
            guard let context = try? channel.pipeline.syncOperations.context(handler: self) else { return }
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            guard isLast else { return }
            // What the client still sends is read for a moment: bytes that nobody reads would make the
            // system take the answer back.
            context.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(2)) { [weak channel] in
                channel?.close(promise: nil)
            }
        }
    }

    private static func refusal(_ status: Int, _ reason: String, _ type: String, _ message: String) -> String
    {
        let body = #"{"__type":"\#(type)","Message":"\#(message)"}"#
        return "HTTP/1.1 \(status) \(reason)\r\nContent-Type: application/x-amz-json-1.1\r\n"
            + "x-amzn-ErrorType: \(type)\r\nx-amzn-RequestId: \(UUID().uuidString.lowercased())\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }
}

extension APILimits {
    /// How often connections are looked at: a fifth of the shortest limit.
    fileprivate var shortest: TimeAmount {
        let least = min(headTimeout, bodyTimeout, idleTimeout).nanoseconds / 5
        return .nanoseconds(max(least, 1_000_000))
    }
}

extension TimeAmount {
    fileprivate var seconds: Double { Double(nanoseconds) / 1e9 }
}
