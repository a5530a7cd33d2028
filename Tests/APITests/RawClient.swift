import Foundation
import Glibc

/// A TCP connection to a server of this machine, for what no HTTP client would send.
final class RawClient: Sendable {
    private let descriptor: Int32

    /// - Parameter url: `http://127.0.0.1:PORT`.
    init(_ url: String) throws {
        let port = url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let descriptor = descriptor
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            offset += count
        }
    }

    /// What comes until `isEnough` says so or the server closes the connection. Waits on a thread of its own:
    /// those of the tests are what the server runs on.
    func read(until isEnough: @escaping @Sendable (String) -> Bool = { _ in false }) async -> String {
        await withCheckedContinuation { done in
            Thread.detachNewThread { done.resume(returning: self.readNow(until: isEnough)) }
        }
    }

    private func readNow(until isEnough: (String) -> Bool) -> String {
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 65536)
        while !isEnough(text) {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { break }
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
        return text
    }

    /// The head of a call, with more headers.
    static func head(
        _ headers: [String] = [], target: String = "SageMaker.ListTrainingJobs",
        host: String? = "127.0.0.1", length: Int = 2
    ) -> String {
        let lines =
            ["POST / HTTP/1.1"] + (host.map { ["Host: \($0)"] } ?? [])
            + ["X-Amz-Target: \(target)", "Content-Length: \(length)"] + headers
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Sends one request and gives the answer; the connection ends with it.
    static func answer(_ url: String, _ head: String, _ body: [UInt8] = Array("{}".utf8)) async throws
        -> String
    {
        let client = try RawClient(url)
        client.send(Array(head.utf8) + body)
        return await client.read { text in
            guard let end = text.range(of: "\r\n\r\n") else { return false }
            let length = text[..<end.lowerBound].lowercased().components(separatedBy: "content-length: ")
                .last?
                .prefix { $0.isNumber }
            return text[end.upperBound...].utf8.count >= length.flatMap { Int($0) } ?? 0
        }
    }
}
