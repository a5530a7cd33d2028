import Logging
import NIOCore
import Synchronization

/// The open connections of the API, and how many each client has.
final class ConnectionRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: APIConnection] = [:]
        var countByClient: [String: Int] = [:]
        var isFull = false
        var isEnding = false
    }

    let limits: APILimits
    private let logger: Logger
    private let state = Mutex(State())

    init(limits: APILimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
    }

    /// The connection over which a request came; `nil` when it is gone.
    func connection(of channel: any Channel) -> APIConnection? {
        state.withLock { $0.connections[ObjectIdentifier(channel)] }
    }

    /// Takes a connection in.
    ///
    /// - Returns: why it is refused, if it is.
    func add(_ connection: APIConnection, _ channel: any Channel, _ peer: Peer) -> String? {
        let (refusal, isNews) = state.withLock { state -> (String?, Bool) in
            if state.connections.count >= limits.connections {
                let isNews = !state.isFull
                state.isFull = true
                return (
                    "The API has \(limits.connections) connections, as many as it takes; try again", isNews
                )
            }
            guard state.countByClient[peer.key, default: 0] < limits.connectionsPerClient else {
                return (
                    "You have \(limits.connectionsPerClient) connections to the API, as many as one client "
                        + "may have; close some", false
                )
            }
            state.isFull = false
            state.connections[ObjectIdentifier(channel)] = connection
            state.countByClient[peer.key, default: 0] += 1
            return (nil, false)
        }
        if isNews {
            logger.warning(
                "API refuses connections", metadata: ["api.connections": "\(limits.connections)"])
        }
        if isEnding { channel.close(promise: nil) }
        return refusal
    }

    /// Whether all connections are to end.
    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Ends all connections, and those that come still.
    func closeAll() {
        let open = state.withLock { state in
            state.isEnding = true
            return Array(state.connections.values)
        }
        for connection in open { connection.close() }
    }

    func remove(_ connection: APIConnection, _ channel: any Channel) {
        let key = connection.peer.key
        state.withLock { state in
            guard state.connections.removeValue(forKey: ObjectIdentifier(channel)) != nil else { return }
            let left = state.countByClient[key, default: 1] - 1
            state.countByClient[key] = left > 0 ? left : nil
        }
    }
}

extension Peer {
    /// Who counts as one client.
    fileprivate var key: String {
        switch self {
        case .ownProcess: "own"
        case .user(let number): "user \(number)"
        case .address(let text): text
        }
    }
}
