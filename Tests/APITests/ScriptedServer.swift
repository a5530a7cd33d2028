import Foundation
import Glibc

/// An HTTP server on a free port of 127.0.0.1 that gives each connection the next reply of a script.
final class ScriptedServer: @unchecked Sendable {  // what changes is behind `lock`
    enum Reply: Sendable {
        /// A whole answer; the connection closes after it.
        case answer(status: Int, body: String)
        /// A page for a browser.
        case page(String)
        /// Reads the request and closes the connection without a word.
        case hangUp
        /// Promises more bytes than it sends.
        case cutShort
        /// Reads the request and says nothing until the server ends.
        case silence
    }

    let port: Int
    private let listener: Int32
    private let lock = NSLock()
    private var replies: [Reply]
    private var requests: [String] = []
    private var held: [Int32] = []

    private init(_ replies: [Reply]) throws {
        self.replies = replies
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Runs `body` with the server's URL; gives the requests it got, head and body, in order.
    static func run(
        _ replies: [Reply], _ body: (String) async throws -> Void
    ) async throws -> [String] {
        let server = try ScriptedServer(replies)
        Thread.detachNewThread { server.serve() }
        defer { server.end() }
        try await body("http://127.0.0.1:\(server.port)")
        return server.lock.withLock { server.requests }
    }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            let request = Self.read(connection)
            let reply: Reply = lock.withLock {
                requests.append(request)
                return replies.isEmpty ? .hangUp : replies.removeFirst()
            }
            switch reply {
            case .answer(let status, let body):
                Self.write(connection, status: status, length: body.utf8.count, body: body)
            case .page(let html):
                Self.write(
                    connection, status: 200, length: html.utf8.count, body: html, type: "text/html")
            case .cutShort: Self.write(connection, status: 200, length: 1000, body: "{")
            case .hangUp: break
            case .silence:
                lock.withLock { held.append(connection) }
                continue
            }
            close(connection)
        }
    }

    private static func read(_ connection: Int32) -> String {
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(connection, &bytes, bytes.count, 0)
            guard count > 0 else { return text }
            text += String(decoding: bytes[..<count], as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = text[..<end.lowerBound].lowercased()
            let length = head.components(separatedBy: "content-length: ").last?.prefix { $0.isNumber }
            if text[end.upperBound...].utf8.count >= length.flatMap({ Int($0) }) ?? 0 { return text }
        }
    }

    private static func write(
        _ connection: Int32, status: Int, length: Int, body: String,
        type: String = "application/x-amz-json-1.1"
    ) {
        let text =
            "HTTP/1.1 \(status) Status\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(length)\r\nConnection: close\r\n\r\n\(body)"
        _ = send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
    }

    private func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        lock.withLock { for connection in held { close(connection) } }
    }
}
