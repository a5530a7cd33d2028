import ClusterTypes
import ControlChannel
import JobStore

/// What the coordinator knows of a worker at this moment.
struct ConnectedWorker {
    var stored: StoredWorker
    /// Of the daemon that is or was connected; `nil` before it has come since the coordinator's start.
    var instance: String?
    /// `nil` while there is no connection.
    var peer: ControlPeer?
    /// When it was heard last, or since when it is awaited. Seconds since 1970.
    var lastHeard: Double
    /// Whether its lease is over.
    var isLost = false
    /// Attempts it still runs although they have been given up; their slots are not free.
    var abandoned: Set<AttemptID> = []

    /// Whether gangs may be placed here.
    var isReady: Bool { peer != nil && !isLost }
}
