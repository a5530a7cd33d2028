import Diagnostics
import Foundation
import Glibc

/// Latency and bandwidth of one TCP connection over 127.0.0.1, between two threads.
enum LoopbackProbe {
    /// - Returns: seconds of a one-byte message one way, and bytes per second of a long one.
    static func measure() throws -> (latency: Double, bytesPerSecond: Double) {
        let (near, far) = try connect()
        defer { for descriptor in [near, far] { close(descriptor) } }
        let rounds = 5_000
        let bytes = 256 << 20
        let echo = Thread {
            var byte: UInt8 = 0
            for _ in 0..<rounds {
                guard read(far, &byte, 1) == 1, send(far, &byte, 1, 0) == 1 else { return }
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            var left = bytes
            while left > 0 {
                let count = read(far, &buffer, buffer.count)
                guard count > 0 else { return }
                left -= count
            }
            _ = send(far, &byte, 1, 0)
        }
        echo.start()
        var byte: UInt8 = 1
        let latency = try seconds {
            for _ in 0..<rounds {
                guard send(near, &byte, 1, 0) == 1, read(near, &byte, 1) == 1 else { throw failure() }
            }
        }
        let buffer = [UInt8](repeating: 1, count: 1 << 20)
        let transfer = try seconds {
            var left = bytes
            while left > 0 {
                let count = send(near, buffer, min(left, buffer.count), 0)
                guard count > 0 else { throw failure() }
                left -= count
            }
            guard read(near, &byte, 1) == 1 else { throw failure() }
        }
        return (latency / Double(2 * rounds), Double(bytes) / transfer)
    }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try body()
        return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }

    private static func failure() -> LockstepError {
        LockstepError(.network, "the loopback connection failed: \(String(cString: strerror(errno)))")
    }

    /// Two ends of one connection, without delay for small messages.
    private static func connect() throws -> (Int32, Int32) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let near = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, generic, &length) == 0
                    && Glibc.connect(near, generic, length) == 0
            }
        }
        let far = isConnected ? accept(listener, nil, nil) : -1
        guard far >= 0 else { throw failure() }
        var yes: Int32 = 1
        for descriptor in [near, far] {
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        return (near, far)
    }
}
