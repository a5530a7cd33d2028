import Diagnostics
import NIOCore
import NIOPosix
import Wire

/// What a connection's owner does with it, from the handshake to the end.
package typealias ControlHandler<Result> =
    @Sendable (ControlPeer, inout ControlInbox) async throws -> Result

/// Runs one connection: handshake, then the owner's handler beside a task that writes the outbox.
enum ControlConnection {
    typealias AsyncChannel = NIOAsyncChannel<ControlMessage, ControlMessage>

    /// A connection that stands, before its handshake.
    struct Link: Sendable {
        let connection: AsyncChannel
        let allowance: FrameAllowance
    }

    static func wrap(_ channel: any Channel) throws -> Link {
        let pipeline = channel.pipeline.syncOperations
        let allowance = FrameAllowance()
        try pipeline.addHandler(ByteToMessageHandler(FrameDecoder(allowance: allowance)))
        try pipeline.addHandler(MessageToByteHandler(FrameEncoder()))
        return Link(
            connection: try NIOAsyncChannel(wrappingChannelSynchronously: channel), allowance: allowance)
    }

    static func run<Result: Sendable>(
        _ link: Link, address: String,
        handshake:
            @escaping @Sendable (
                NIOAsyncChannelOutboundWriter<ControlMessage>, inout ControlInbox
            ) async throws -> Void,
        _ handler: @escaping ControlHandler<Result>
    ) async throws -> Result {
        let channel = link.connection.channel
        return try await link.connection.executeThenClose { inbound, outbound in
            let deadline = channel.eventLoop.scheduleTask(in: Handshake.deadline) {
                channel.close(promise: nil)
            }
            var inbox = ControlInbox(inbound.makeAsyncIterator())
            try await handshake(outbound, &inbox)
            deadline.cancel()
            let (stream, outbox) = AsyncStream.makeStream(
                of: ControlMessage.self, bufferingPolicy: .bufferingOldest(ControlPeer.outboxLimit))
            let peer = ControlPeer(address: address, outbox: outbox)
            async let writing: Void = write(stream, to: outbound, of: channel)
            do {
                let result = try await handler(peer, &inbox)
                outbox.finish()
                await writing
                return result
            } catch {
                outbox.finish()
                await writing
                throw error
            }
        }
    }

    /// Writes until the outbox is closed; then closes the channel, which ends the reader too.
    private static func write(
        _ stream: AsyncStream<ControlMessage>, to outbound: NIOAsyncChannelOutboundWriter<ControlMessage>,
        of channel: any Channel
    ) async {
        for await message in stream {
            do { try await outbound.write(message) } catch { break }
        }
        channel.close(promise: nil)
    }
}
