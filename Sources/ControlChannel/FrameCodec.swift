import Diagnostics
import NIOCore
import Wire

/// Cuts the incoming bytes into messages. A malformed frame is an error that ends the connection.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ControlMessage

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let header = buffer.getBytes(at: buffer.readerIndex, length: FrameHeader.byteCount) else {
            return .needMoreData
        }
        let length = try FrameHeader(header).bodyBytes
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
