import Diagnostics
import Foundation
import Glibc
import Storage

/// A connection to an API that stays open where the server lets it, with one call at a time and nothing
/// between it and the socket: what is timed is the server.
final class APIConnectionProbe {
    private var socket: Int32
    private let port: Int

    init(port: Int) throws {
        self.port = port
        socket = try Self.connection(to: port)
    }

    private static func connection(to port: Int) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw LockstepError.system("connect to", "127.0.0.1:\(port)") }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return socket
    }

    deinit { close(socket) }

    /// - Returns: the body of the answer.
    /// - Throws: `.network` with the answer when it is not 200.
    func call(_ operation: String, _ body: String) throws -> [UInt8] {
        let head = """
            POST / HTTP/1.1\r
            Host: 127.0.0.1:\(port)\r
            Content-Type: application/x-amz-json-1.1\r
            X-Amz-Target: SageMaker.\(operation)\r
            Authorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/sagemaker/aws4_request, \
            SignedHeaders=host, Signature=0\r
            Content-Length: \(body.utf8.count)\r
            \r

            """
        try send(Array((head + body).utf8))
        return try receive()
    }

    private func send(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(socket, buffer.baseAddress.map { $0 + done }, bytes.count - done, 0)
            }
            guard count > 0 else { throw LockstepError.system("write to", "127.0.0.1:\(port)") }
            done += count
        }
    }

    private func receive() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var end: Int?
        var length = 0
        var isClosed = false
        while end.map({ bytes.count < $0 + length }) ?? true {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw LockstepError(.network, "the server closed the connection") }
            bytes += buffer[..<count]
            if end == nil, let blank = Self.endOfHead(bytes) {
                end = blank
                let head = String(decoding: bytes[..<blank], as: UTF8.self)
                length = Self.value("content-length", in: head).flatMap { Int($0) } ?? 0
                isClosed = Self.value("connection", in: head)?.lowercased() == "close"
            }
        }
        if isClosed {
            close(socket)
            socket = try Self.connection(to: port)
        }
        let body = Array(bytes[(end ?? 0)...])
        guard bytes.starts(with: Array("HTTP/1.1 200".utf8)) else {
            throw LockstepError(.network, String(decoding: body.prefix(400), as: UTF8.self))
        }
        return body
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= mark.count else { return nil }
        return (0...bytes.count - mark.count).first { bytes[$0..<$0 + 4].elementsEqual(mark) }.map { $0 + 4 }
    }

    private static func value(_ name: String, in head: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name {
                return parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return nil
    }
}
