public import ClusterTypes

/// SageMaker's TrainingJobStatus.
public enum JobStatus: String, Sendable, Codable, CaseIterable {
    case inProgress = "InProgress"
    case completed = "Completed"
    case failed = "Failed"
    case stopping = "Stopping"
    case stopped = "Stopped"

    public var isTerminal: Bool { self == .completed || self == .failed || self == .stopped }
}

/// SageMaker's SecondaryStatus, as far as Lockstep uses it.
public enum SecondaryStatus: String, Sendable, Codable, CaseIterable {
    case starting = "Starting"
    case pending = "Pending"
    case downloading = "Downloading"
    case training = "Training"
    case interrupted = "Interrupted"
    case uploading = "Uploading"
    case restarting = "Restarting"
    case completed = "Completed"
    case failed = "Failed"
    case stopping = "Stopping"
    case stopped = "Stopped"
    case maxRuntimeExceeded = "MaxRuntimeExceeded"
    case maxWaitTimeExceeded = "MaxWaitTimeExceeded"
}

/// One entry of SecondaryStatusTransitions. Times are seconds since 1970.
public struct StatusTransition: Sendable, Codable, Equatable {
    public var status: SecondaryStatus
    public var startTime: Double
    public var endTime: Double?
    public var message: String
    public init(status: SecondaryStatus, startTime: Double, endTime: Double? = nil, message: String) {
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.message = message
    }
}

/// A final metric: SageMaker's FinalMetricDataList entry.
public struct FinalMetric: Sendable, Codable, Equatable {
    public var name: String
    public var value: Double
    public var time: Double
    public init(name: String, value: Double, time: Double) {
        self.name = name
        self.value = value
        self.time = time
    }
}

/// One run of a job, for its history.
public struct AttemptRecord: Sendable, Codable, Equatable {
    public var number: Int
    /// Seconds since 1970, for people.
    public var startTime: Double
    public var endTime: Double?
    /// When it began by the steady clock, and how many seconds it lasted; `nil` in records of earlier
    /// releases, and the length while it runs.
    public var begun: Double?
    public var seconds: Double?
    /// Worker of every rank, by rank.
    public var workers: [WorkerID]
    /// Whether rank 0 is a state keeper, which owns no logical shard and takes no slot.
    public var hasKeeper: Bool
    /// When, by the steady clock, the gang last went on without ranks that died; `nil`: never.
    public var shrinkTime: Double?
    /// First step it trained, once known.
    public var firstStep: Int?
    /// Last step it reported.
    public var lastStep: Int?
    /// How it ended, in one sentence; `nil` while it runs.
    public var outcome: String?
    public init(number: Int, startTime: Double, workers: [WorkerID], hasKeeper: Bool = false) {
        self.number = number
        self.startTime = startTime
        self.workers = workers
        self.hasKeeper = hasKeeper
    }

    /// When it began, by the steady clock.
    public var begin: Double { begun ?? startTime }

    /// How long it has lasted at `time` of the steady clock, in seconds.
    func length(at time: Double) -> Double {
        max(0, seconds ?? (endTime.map { $0 - startTime } ?? (time - begin)))
    }

    /// Workers of the ranks that own logical shards and so take slots.
    public var slotWorkers: ArraySlice<WorkerID> { hasKeeper ? workers.dropFirst() : workers[...] }
}

/// All that is known of a job; what Describe answers from.
public struct JobRecord: Sendable, Codable, Equatable {
    public var name: JobName
    /// The CreateTrainingJob request as received, JSON text.
    public var requestJSON: String
    /// The job's specification, JSON text; `nil` in records of earlier releases.
    public var specJSON: String?
    public var arn: String
    public var status: JobStatus
    public var secondaryStatus: SecondaryStatus
    public var transitions: [StatusTransition]
    public var creationTime: Double
    public var lastModifiedTime: Double
    public var trainingStartTime: Double?
    public var trainingEndTime: Double?
    public var failureReason: String?
    public var finalMetrics: [FinalMetric]
    public var modelHash: String?
    /// `file://` URI of model.tar.gz; where it will lie, before it is there.
    public var modelArtifact: String
    public var attempts: [AttemptRecord]
    /// Last committed step reported, and its epoch.
    public var step: Int?
    public var epoch: Int?
    public var progress: Double?
    public var loss: Double?
    public var samplesPerSecond: Double?
    /// Slots (ranks) the job wants; an elastic job does with fewer.
    public var slotCount: Int

    public init(
        name: JobName, requestJSON: String, specJSON: String? = nil, arn: String, modelArtifact: String,
        slotCount: Int, creationTime: Double
    ) {
        self.name = name
        self.requestJSON = requestJSON
        self.specJSON = specJSON
        self.arn = arn
        self.modelArtifact = modelArtifact
        self.slotCount = slotCount
        self.creationTime = creationTime
        lastModifiedTime = creationTime
        status = .inProgress
        secondaryStatus = .starting
        transitions = [
            StatusTransition(
                status: .starting, startTime: creationTime, message: "Starting the training job")
        ]
        finalMetrics = []
        attempts = []
    }

    /// Time in which the job had a gang, over all attempts, in seconds, at `time` of the steady clock.
    public func runSeconds(at time: Double) -> Double {
        attempts.reduce(0) { $0 + $1.length(at: time) }
    }
}
