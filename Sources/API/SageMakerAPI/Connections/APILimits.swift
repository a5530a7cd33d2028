package import NIOCore

/// How long a client may take, and how much it may hold.
package struct APILimits: Sendable {
    /// From the opening of a connection to the end of its first request's head.
    package var headTimeout = TimeAmount.seconds(20)
    /// From the end of a head to the end of the body.
    package var bodyTimeout = TimeAmount.seconds(60)
    /// Between an answer and the end of the next request's head; longer than the minute for which most
    /// clients keep a connection.
    package var idleTimeout = TimeAmount.seconds(75)
    /// Connections of one address; within this machine of one user.
    package var connectionsPerClient = 256
    package var connections = 1024
    /// Far more than the largest legal request, before and after it is unpacked.
    package var bodyBytes = 4 << 20

    package init() {}
}
