import Glibc
import NIOCore

/// Makes the kernel end a connection whose other end is unreachable, whether or not anything is sent on it.
///
/// Without it a node that lost its link would never learn of it on a connection that is mostly silent, as a
/// launch agent's is.
enum ConnectionLiveness {
    /// Seconds of silence before the first probe.
    private static let idleSeconds: Int = 2
    private static let probeSeconds: Int = 1
    private static let probes: Int = 3
    /// How long data may stay unacknowledged.
    private static let unacknowledgedMilliseconds: Int = 5000

    static let options: [(option: ChannelOptions.Types.SocketOption, value: Int)] = [
        (ChannelOptions.tcpOption(.tcp_nodelay), 1),
        (ChannelOptions.socketOption(.so_keepalive), 1),
        (ChannelOptions.tcpOption(.init(rawValue: TCP_KEEPIDLE)), idleSeconds),
        (ChannelOptions.tcpOption(.init(rawValue: TCP_KEEPINTVL)), probeSeconds),
        (ChannelOptions.tcpOption(.init(rawValue: TCP_KEEPCNT)), probes),
        (ChannelOptions.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), unacknowledgedMilliseconds),
    ]
}
