import CProcess
import Glibc
import NIOCore

/// Who is at the other end of a connection.
enum Peer: Sendable, Equatable {
    /// A caller within this process: a test without a port.
    case ownProcess
    /// A process of this machine that came over the loopback, by its user.
    case user(UInt32)
    /// Somebody at an address of the network, or a process whose user the kernel does not tell.
    case address(String)

    /// - Parameters:
    ///   - own: this end of the connection.
    ///   - peer: the other end; `nil` when it is gone already.
    init(own: SocketAddress?, peer: SocketAddress?) {
        guard let own, let peer, let address = peer.ipAddress else {
            self = .address("an unknown address")
            return
        }
        var user = uid_t()
        if peer.isLoopback,
            own.withSockAddr({ ownPointer, _ in
                peer.withSockAddr { peerPointer, _ in cprocess_peer_user(ownPointer, peerPointer, &user) }
            }) == 0
        {
            self = .user(user)
        } else {
            self = .address(address)
        }
    }
}

extension SocketAddress {
    /// Whether the address never leaves this machine: 127.0.0.0/8, ::1, or the first within IPv6.
    var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") ?? false
        case .v6:
            switch ipAddress {
            case "::1": true
            case let text?: text.lowercased().hasPrefix("::ffff:127.")
            case nil: false
            }
        case .unixDomainSocket: false
        }
    }
}
