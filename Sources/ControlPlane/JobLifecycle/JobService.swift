public import ClusterTypes

/// What the public API asks of the coordinator. The coordinator's actor conforms to it; API tests use
/// a fake. Errors are `LockstepError`s: `.notFound` for an unknown job, `.conflict` for a taken name
/// or a state that forbids the call.
public protocol JobService: Sendable {
    /// Stores the job durably, then returns; the scheduler sees it at once.
    ///
    /// - Parameter invocationID: amz-sdk-invocation-id; a repeated call with the same id for the same
    ///   job returns the first answer instead of `.conflict`.
    func createJob(_ draft: JobDraft, invocationID: String?) async throws -> JobRecord
    func job(_ name: JobName) async throws -> JobRecord
    /// All jobs, oldest first. (Filters, sorting and paging are the API's.)
    func jobs() async throws -> [JobRecord]
    /// Asks a running job to commit and leave; returns when that is stored, not when it is done.
    func stopJob(_ name: JobName) async throws
    /// Streams of a job, `JOB/algo-N-EPOCHSECONDS`; the empty list before its first attempt.
    func logStreams(_ name: JobName) async throws -> [LogStreamRecord]
    /// Lines `offset ..< offset + limit` of a stream, fewer at its end.
    func logLines(stream: String, from offset: Int, limit: Int) async throws -> [LogLine]
    /// Number of lines of a stream.
    func logLineCount(stream: String) async throws -> Int
    /// Forgets jobs that are over and that `retention` does not keep.
    ///
    /// - Parameters:
    ///   - retention: `nil`: the coordinator's own.
    ///   - isRehearsal: whether to tell only what would be forgotten.
    func collectGarbage(_ retention: Retention?, isRehearsal: Bool) async throws -> [CollectedJob]
    /// The public half of the key that signs certificates, as text.
    func publicKey() async throws -> String
    func workers() async throws -> [WorkerRecord]
    /// Gives a worker no new ranks, lets its gangs commit and go on elsewhere.
    ///
    /// - Parameter deadlineSeconds: what is left there by then is killed; `nil`: no limit.
    func drainWorker(_ id: WorkerID, reason: String, deadlineSeconds: Double?) async throws
    /// Takes a drained or quarantined worker back.
    func resumeWorker(_ id: WorkerID) async throws
    /// Strikes a worker that is lost and will not come back.
    func forgetWorker(_ id: WorkerID) async throws
}

/// A checked request, ready to be stored.
public struct JobDraft: Sendable, Equatable {
    public var name: JobName
    public var requestJSON: String
    /// The job's specification, JSON text; the empty text: there is none.
    public var specJSON: String
    public var arn: String
    public var modelArtifact: String
    public var slotCount: Int
    public var maxRuntimeSeconds: Int
    /// How often the job may be restarted after a fault that is not the user's.
    public var maximumRestarts: Int
    public var policy: JobPolicy
    /// - Parameter policy: `nil`: a gang of `slotCount`, nothing special.
    public init(
        name: JobName, requestJSON: String, specJSON: String = "", arn: String, modelArtifact: String,
        slotCount: Int, maxRuntimeSeconds: Int, maximumRestarts: Int, policy: JobPolicy? = nil
    ) {
        self.name = name
        self.requestJSON = requestJSON
        self.specJSON = specJSON
        self.arn = arn
        self.modelArtifact = modelArtifact
        self.slotCount = slotCount
        self.maxRuntimeSeconds = maxRuntimeSeconds
        self.maximumRestarts = maximumRestarts
        self.policy = policy ?? JobPolicy(minimumSlots: slotCount)
    }
}

public struct LogStreamRecord: Sendable, Codable, Equatable {
    public var name: String
    public var creationTime: Double
    public var firstEventTime: Double?
    public var lastEventTime: Double?
    public init(
        name: String, creationTime: Double, firstEventTime: Double? = nil,
        lastEventTime: Double? = nil
    ) {
        self.name = name
        self.creationTime = creationTime
        self.firstEventTime = firstEventTime
        self.lastEventTime = lastEventTime
    }
}

public struct LogLine: Sendable, Codable, Equatable {
    /// Seconds since 1970.
    public var time: Double
    public var text: String
    public init(time: Double, text: String) {
        self.time = time
        self.text = text
    }
}

public struct WorkerRecord: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable { case ready, draining, drained, quarantined, lost }
    public var id: WorkerID
    public var address: String
    public var kind: WorkerKind
    public var slots: Int
    public var freeSlots: Int
    public var state: State
    /// Why it drains or is quarantined, in words.
    public var reason: String?
    /// Seconds since 1970 of its last heartbeat.
    public var lastSeen: Double
    /// Bytes of hot state in its shared memory.
    public var hotStateBytes: Int
    public init(
        id: WorkerID, address: String, kind: WorkerKind = .onDemand, slots: Int, freeSlots: Int,
        state: State, reason: String? = nil, lastSeen: Double, hotStateBytes: Int = 0
    ) {
        self.id = id
        self.address = address
        self.kind = kind
        self.slots = slots
        self.freeSlots = freeSlots
        self.state = state
        self.reason = reason
        self.lastSeen = lastSeen
        self.hotStateBytes = hotStateBytes
    }
}
