import NIOCore

/// Puts an `APIConnection` next to the socket of a new connection. The HTTP server lets handlers be added
/// above HTTP only; this one goes below.
final class ConnectionInstaller: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny

    private let registry: ConnectionRegistry

    init(_ registry: ConnectionRegistry) { self.registry = registry }

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(APIConnection(registry), position: .first)
        } catch {
            // Without it nobody would look after the connection.
            context.close(promise: nil)
        }
    }
}
