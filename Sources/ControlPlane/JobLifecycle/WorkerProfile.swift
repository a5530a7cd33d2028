public import ClusterTypes

/// What the cluster remembers of a worker, over restarts of both sides.
public struct WorkerProfile: Sendable, Codable, Equatable {
    public var id: WorkerID
    public var address: String
    public var kind: WorkerKind
    public var slots: Int
    /// TCP port on `address` where launch agents reach it.
    public var launchPort: Int
    /// Folder in its node's shared memory that holds the jobs' hot states; empty: none.
    public var hotStateFolder: String
    /// Seconds since 1970 of its last registration.
    public var lastSeen: Double
    /// Set while it is drained.
    public var departure: Departure?
    /// Why nothing may run on it any more, in words.
    public var quarantine: String?

    /// A drain: no new ranks, gangs commit and leave.
    public struct Departure: Sendable, Codable, Equatable {
        public var reason: String
        /// When what is left is killed, by the steady clock; `nil`: never.
        public var deadline: Double?
        /// Whether an operator ordered it: then it outlives a restart of the worker.
        public var isOrdered: Bool
        public init(reason: String, deadline: Double?, isOrdered: Bool) {
            self.reason = reason
            self.deadline = deadline
            self.isOrdered = isOrdered
        }
    }

    public init(
        id: WorkerID, address: String, kind: WorkerKind = .onDemand, slots: Int, launchPort: Int,
        hotStateFolder: String = "", lastSeen: Double
    ) {
        self.id = id
        self.address = address
        self.kind = kind
        self.slots = slots
        self.launchPort = launchPort
        self.hotStateFolder = hotStateFolder
        self.lastSeen = lastSeen
    }
}
