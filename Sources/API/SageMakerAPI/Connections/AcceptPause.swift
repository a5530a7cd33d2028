import Logging
import NIOCore

/// Takes no new connections for a moment when descriptors or memory for them have run out. Without it the
/// listener would ask for them again and again as fast as it can.
final class AcceptPause: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private static let pause = TimeAmount.milliseconds(250)
    private static let reminder = TimeAmount.seconds(60)
    /// ENOMEM, ENFILE, EMFILE and ENOBUFS of Linux.
    private static let shortages: Set<Int32> = [12, 23, 24, 105]

    private let logger: Logger
    private var lastWarning: NIODeadline?

    init(logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.shortages.contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        if lastWarning.map({ $0 + Self.reminder <= .now() }) ?? true {
            lastWarning = .now()
            logger.error(
                "API cannot accept connections: raise the limit of open files, or close some",
                metadata: ["reason": "\(error)"])
        }
        let channel = context.channel
        _ = channel.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: Self.pause) { [weak channel] in
            _ = channel?.setOption(.autoRead, value: true)
        }
    }
}

@available(*, unavailable)
extension AcceptPause: Sendable {}
