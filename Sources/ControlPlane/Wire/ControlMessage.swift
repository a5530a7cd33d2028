package import ClusterTypes

/// What coordinator, workers and launch agents say to each other: one case a message of
/// `proto/control.proto`, where every field is explained.
package enum ControlMessage: Sendable, Equatable {
    case hello(version: UInt32, nonce: [UInt8])
    case challenge(nonce: [UInt8])
    case proof(digest: [UInt8])
    case welcome(digest: [UInt8])
    case refused(code: String, reason: String)
    case register(Registration)
    case registered(leaseSeconds: Double, heartbeatSeconds: Double)
    case heartbeat(sequence: UInt64, hotStateBytes: UInt64)
    case launch(LaunchOrder)
    case stop(AttemptID)
    case kill(AttemptID)
    case running(AttemptID)
    case ended(AttemptID, end: [UInt8])
    case settled(AttemptID)
    case lines([LineChunk])
    case received([LineMark])
    case run(AttemptID, command: String, asJobUser: Bool)
    case started(pid: UInt32)
    case output(descriptor: UInt32, data: [UInt8])
    case exited(status: Int32)
    case drain(DrainWish)
    case drained
    case forget(JobName, attempts: Bool)

    /// Version of the messages' meaning, compared at the start of every connection.
    package static let version: UInt32 = 2
}

/// How a worker introduces itself.
package struct Registration: Sendable, Equatable {
    package var worker: WorkerID
    /// Fresh for every start of the daemon.
    package var instance: String
    package var address: String
    package var slots: Int
    /// TCP port on `address` where launch agents reach it.
    package var launchPort: Int
    /// Attempts it owns whose end the coordinator has not acknowledged.
    package var attempts: [AttemptID]
    package var kind: WorkerKind
    /// Folder in the node's shared memory for the jobs' hot states; empty: none.
    package var hotStateFolder: String
    /// Jobs whose hot state it holds.
    package var hotJobs: [JobName]
    /// Set while the worker is to leave.
    package var departure: DrainWish?
    package init(
        worker: WorkerID, instance: String, address: String, slots: Int, launchPort: Int,
        attempts: [AttemptID], kind: WorkerKind = .onDemand, hotStateFolder: String = "",
        hotJobs: [JobName] = [], departure: DrainWish? = nil
    ) {
        self.worker = worker
        self.instance = instance
        self.address = address
        self.slots = slots
        self.launchPort = launchPort
        self.attempts = attempts
        self.kind = kind
        self.hotStateFolder = hotStateFolder
        self.hotJobs = hotJobs
        self.departure = departure
    }
}

/// A worker's wish to be left in good order.
package struct DrainWish: Sendable, Equatable {
    package var reason: String
    /// What is left after so long is killed; `nil`: no limit.
    package var deadlineSeconds: Double?
    package init(reason: String, deadlineSeconds: Double?) {
        self.reason = reason
        self.deadlineSeconds = deadlineSeconds
    }
}

/// A worker's share of a gang.
package struct GangMember: Sendable, Equatable, Codable {
    package var worker: WorkerID
    package var address: String
    package var launchPort: Int
    package var ranks: Int
    /// Folder of this job's hot state there; empty: none.
    package var hotStateFolder: String
    /// Whether its one rank is a state keeper, which owns no logical shard.
    package var isKeeper: Bool
    package init(
        worker: WorkerID, address: String, launchPort: Int, ranks: Int, hotStateFolder: String = "",
        isKeeper: Bool = false
    ) {
        self.worker = worker
        self.address = address
        self.launchPort = launchPort
        self.ranks = ranks
        self.hotStateFolder = hotStateFolder
        self.isKeeper = isKeeper
    }
}

/// The order to start an attempt, to its gang's first worker.
package struct LaunchOrder: Sendable, Equatable {
    package var attempt: AttemptID
    /// The CreateTrainingJob request as received, which the job's certificate is sealed with.
    package var request: [UInt8]
    /// The job's specification: what it is.
    package var spec: [UInt8]
    /// In the order of their ranks; the first is the addressee.
    package var gang: [GangMember]
    /// Variables for the job's processes, sorted by name.
    package var environment: [EnvironmentVariable]
    /// Fewest ranks, without a state keeper, that the job does with.
    package var minimumRanks: Int
    package init(
        attempt: AttemptID, request: [UInt8], spec: [UInt8] = [], gang: [GangMember],
        environment: [EnvironmentVariable], minimumRanks: Int
    ) {
        self.attempt = attempt
        self.request = request
        self.spec = spec
        self.gang = gang
        self.environment = environment
        self.minimumRanks = minimumRanks
    }
}

/// An environment variable of the ranks.
package struct EnvironmentVariable: Sendable, Equatable, Codable {
    package var name: String
    package var value: String
    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Whole lines of one of an attempt's files.
package struct LineChunk: Sendable, Equatable {
    package var attempt: AttemptID
    /// `events`, or `algo-N` for the log of rank N - 1.
    package var stream: String
    /// Byte offset in the file of the first byte of `data`.
    package var offset: UInt64
    /// Ends with a newline.
    package var data: [UInt8]
    package init(attempt: AttemptID, stream: String, offset: UInt64, data: [UInt8]) {
        self.attempt = attempt
        self.stream = stream
        self.offset = offset
        self.data = data
    }
}

/// How far a stream is stored.
package struct LineMark: Sendable, Equatable {
    package var attempt: AttemptID
    package var stream: String
    /// Byte offset of the first byte not yet stored.
    package var next: UInt64
    package init(attempt: AttemptID, stream: String, next: UInt64) {
        self.attempt = attempt
        self.stream = stream
        self.next = next
    }
}
