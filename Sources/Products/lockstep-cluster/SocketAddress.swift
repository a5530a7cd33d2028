import Diagnostics
import Glibc

/// An IPv4 address and a port.
struct SocketAddress: CustomStringConvertible {
    let host: String
    let port: UInt16

    /// Seconds that a connection attempt may take.
    private static let connectSeconds = 3

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else { return nil }
        self.init(host: String(parts[0]), port: port)
    }

    var description: String { "\(host):\(port)" }

    /// The addresses of this host's interfaces that are up, without the loopback.
    static func ownAddresses() throws -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw systemError("list the addresses of this host") }
        defer { freeifaddrs(first) }
        var found: [String] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            let isUp = entry.ifa_flags & UInt32(IFF_UP) != 0
            let isLoopback = entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0
            guard isUp, !isLoopback, let address = entry.ifa_addr,
                address.pointee.sa_family == sa_family_t(AF_INET)
            else { continue }
            let host = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Self.host($0.pointee) }
            if !found.contains(host) { found.append(host) }
        }
        return found
    }

    /// The address of this end of a connection to here; `nil` when there is no way.
    func localEnd() -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // On Linux the limit for sending also limits connect(2).
        var limit = timeval(tv_sec: Self.connectSeconds, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let connected = withSocketAddress { connect(descriptor, $0, $1) }
        guard connected == 0 else { return nil }
        return Self.own(descriptor)?.host
    }

    /// The address that `descriptor` is bound to.
    static func own(_ descriptor: Int32) -> SocketAddress? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { return nil }
        return SocketAddress(host: host(address), port: UInt16(bigEndian: address.sin_port))
    }

    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func host(_ address: sockaddr_in) -> String {
        let bytes = withUnsafeBytes(of: address.sin_addr.s_addr) { Array($0) }
        return bytes.map(String.init).joined(separator: ".")
    }

    static func systemError(_ action: String) -> LockstepError {
        LockstepError(.network, "cannot \(action): \(String(cString: strerror(errno)))")
    }
}

/// A listening socket on a free port, until it is released.
final class Listener {
    let address: SocketAddress
    private let descriptor: Int32

    init(host: String) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SocketAddress.systemError("make a socket") }
        let wanted = SocketAddress(host: host, port: 0)
        guard wanted.withSocketAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 1024) == 0,
            let address = SocketAddress.own(descriptor)
        else {
            let error = SocketAddress.systemError("listen on \(host)")
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.address = address
    }

    deinit { close(descriptor) }

    /// Takes `expected` connections, or those that arrive within a second, ends them, and counts them.
    func arrivals(_ expected: Int) -> Int {
        var count = 0
        while count < expected {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 1000) > 0 else { break }
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { break }
            close(connection)
            count += 1
        }
        return count
    }
}
