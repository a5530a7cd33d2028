import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore
import Storage

/// Reads the body of a request, within limits.
struct BodyReader {
    let limitBytes: Int
    /// Over which the request comes; `nil` within this process.
    let connection: APIConnection?

    /// The body as it was sent.
    ///
    /// - Throws: `APIFault` RequestEntityTooLarge, before anything is read where the head says its length.
    func read(_ request: Request) async throws -> [UInt8] {
        let expectation = request.headers[.expect]?.lowercased()
        if let expectation, expectation != "100-continue" {
            throw APIFault(
                type: "ValidationException", status: 417,
                message: "Expect is \(expectation.prefix(100)), but only 100-continue can be met",
                code: .usage)
        }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limitBytes {
            throw tooLarge
        }
        if expectation != nil { connection?.sendContinue() }
        do {
            let buffer = try await request.body.collect(upTo: limitBytes)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    /// What the sender packed, by Content-Encoding.
    ///
    /// - Throws: `APIFault`: RequestEntityTooLarge when it is more than the limit, SerializationException
    ///   when it is damaged.
    func unpack(_ bytes: [UInt8], of request: Request) throws -> [UInt8] {
        let encodings = (request.headers[.contentEncoding] ?? "").split(separator: ",")
            .map { $0.filter { $0 != " " }.lowercased() }.filter { $0 != "identity" }
        if encodings.isEmpty { return bytes }
        guard encodings == ["gzip"] else {
            throw APIFault(
                type: "UnsupportedMediaTypeException", status: 415,
                message:
                    "Content-Encoding is \(encodings.joined(separator: ", ").prefix(100)), but only gzip "
                    + "is taken", code: .usage)
        }
        return try inflate(bytes)
    }

    private func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var offset = 0
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: limitBytes + 1, alignment: 16)
        defer { output.deallocate() }
        let count: Int
        do {
            let reader = try GzipReader(path: "the request") { room in
                let piece = bytes[offset..<min(bytes.count, offset + room.count)]
                room.copyBytes(from: piece)
                offset += piece.count
                return piece.count
            }
            count = try reader.read(into: output)
        } catch {
            throw APIFault.serialization("The request's gzip data are damaged or cut short")
        }
        guard count <= limitBytes else { throw tooLarge }
        return Array(output[..<count])
    }

    private var tooLarge: APIFault {
        APIFault(
            type: "RequestEntityTooLarge", status: 413,
            message: "The request is larger than \(limitBytes) bytes", code: .usage)
    }
}
