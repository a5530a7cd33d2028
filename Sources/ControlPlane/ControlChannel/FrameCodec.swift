import Diagnostics
import NIOCore
import Synchronization
import Wire

/// How long a frame the other side may send: a small one until it has shown that it knows the token, so that
/// strangers take no memory.
final class FrameAllowance: Sendable {
    /// The messages of the handshake are far below it.
    static let strangersBytes = 4096

    private let bytes = Atomic(strangersBytes)

    var bodyBytes: Int { bytes.load(ordering: .relaxed) }

    func admit() { bytes.store(FrameHeader.maximumBodyBytes, ordering: .relaxed) }
}

/// Cuts the incoming bytes into messages. A malformed frame is an error that ends the connection.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ControlMessage
    let allowance: FrameAllowance

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let header = buffer.getBytes(at: buffer.readerIndex, length: FrameHeader.byteCount) else {
            return .needMoreData
        }
        let length = try FrameHeader(header).bodyBytes
        guard length <= allowance.bodyBytes else {
            throw LockstepError(
                .network,
                "the peer announces a message of \(length) bytes before it has shown that it knows the token")
        }
        guard buffer.readableBytes >= FrameHeader.byteCount + length else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: FrameHeader.byteCount)
        let body = buffer.readBytes(length: length) ?? []
        context.fireChannelRead(wrapInboundOut(try ControlMessage(body: body)))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        while try decode(context: context, buffer: &buffer) == .continue {}
        return .needMoreData
    }
}

/// Turns messages into frames.
struct FrameEncoder: MessageToByteEncoder {
    typealias OutboundIn = ControlMessage

    func encode(data: ControlMessage, out: inout ByteBuffer) throws {
        out.writeBytes(try data.frame())
    }
}
