import ControlChannel
import Crypto
import Diagnostics
import Foundation
import Glibc
import Wire

/// A worker that knows the token and sends what it likes, byte by byte.
final class RogueWorker {
    private let descriptor: Int32

    /// Connects; says nothing yet.
    init(port: Int) throws {
        signal(SIGPIPE, SIG_IGN)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw LockstepError(.network, "the coordinator is gone") }
    }

    deinit { close(descriptor) }

    /// Shows the token.
    func introduce(token: String) throws {
        let nonce = [UInt8](repeating: 7, count: 32)
        send(try ControlMessage.hello(version: ControlMessage.version, nonce: nonce).frame())
        guard case .challenge(let other) = try receive() else {
            throw LockstepError(.network, "no challenge")
        }
        let text = Array("lockstep control 1 client".utf8) + nonce + other
        let key = SymmetricKey(data: Data(token.utf8))
        let digest = Array(HMAC<SHA256>.authenticationCode(for: Data(text), using: key))
        send(try ControlMessage.proof(digest: digest).frame())
        guard case .welcome = try receive() else { throw LockstepError(.network, "no welcome") }
    }

    /// A peer that has closed the connection is no error here.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func receive() throws -> ControlMessage? {
        guard let header = read(FrameHeader.byteCount) else { return nil }
        guard let body = read(try FrameHeader(header).bodyBytes) else { return nil }
        return try ControlMessage(body: body)
    }

    /// Whether the other side has closed the connection, once what it had to say is read.
    var isClosed: Bool {
        while let byte = read(1) { _ = byte }
        return errno != EAGAIN
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        errno = 0
        while have < count {
            let got = bytes.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress.map { $0 + have }, count - have, 0)
            }
            guard got > 0 else { return nil }
            have += got
        }
        return bytes
    }
}
