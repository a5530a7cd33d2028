/// Lockstep.ListWorkers' answer.
public struct ListWorkersResponse: Codable, Sendable, Equatable {
    public var workers: [WorkerSummary]
    public init(workers: [WorkerSummary]) { self.workers = workers }
    enum CodingKeys: String, CodingKey { case workers = "Workers" }
}

/// A worker daemon of the cluster.
public struct WorkerSummary: Codable, Sendable, Equatable {
    public var workerName: String
    public var address: String
    /// `on-demand`, `spot` or `keeper`.
    public var kind: String
    /// `ready`, `draining`, `drained`, `quarantined` or `lost`.
    public var state: String
    /// Why it drains or is quarantined.
    public var reason: String?
    public var slots: Int
    public var freeSlots: Int
    /// Seconds since 1970 of its last heartbeat.
    public var lastSeen: Double
    /// Bytes of hot state in its shared memory.
    public var hotStateBytes: Int
    public init(
        workerName: String, address: String, kind: String, state: String, reason: String? = nil, slots: Int,
        freeSlots: Int, lastSeen: Double, hotStateBytes: Int = 0
    ) {
        self.workerName = workerName
        self.address = address
        self.kind = kind
        self.state = state
        self.reason = reason
        self.hotStateBytes = hotStateBytes
        self.slots = slots
        self.freeSlots = freeSlots
        self.lastSeen = lastSeen
    }
    enum CodingKeys: String, CodingKey {
        case workerName = "WorkerName"
        case address = "Address"
        case kind = "Kind"
        case state = "State"
        case reason = "Reason"
        case hotStateBytes = "HotStateBytes"
        case slots = "Slots"
        case freeSlots = "FreeSlots"
        case lastSeen = "LastSeen"
    }
}

/// Lockstep.DrainWorker's request.
public struct DrainWorkerRequest: Codable, Sendable, Equatable {
    public var workerName: String
    public var reason: String?
    /// What is left on the worker by then is killed.
    public var deadlineInSeconds: Int?
    public init(workerName: String, reason: String? = nil, deadlineInSeconds: Int? = nil) {
        self.workerName = workerName
        self.reason = reason
        self.deadlineInSeconds = deadlineInSeconds
    }
    enum CodingKeys: String, CodingKey {
        case workerName = "WorkerName"
        case reason = "Reason"
        case deadlineInSeconds = "DeadlineInSeconds"
    }
}

/// Request of Lockstep.ResumeWorker and Lockstep.ForgetWorker.
public struct WorkerNameRequest: Codable, Sendable, Equatable {
    public var workerName: String
    public init(workerName: String) { self.workerName = workerName }
    enum CodingKeys: String, CodingKey { case workerName = "WorkerName" }
}

/// Answer to a call about one worker.
public typealias WorkerNameResponse = WorkerNameRequest

/// Lockstep.ListAlgorithms' answer.
public struct ListAlgorithmsResponse: Codable, Sendable, Equatable {
    public var algorithms: [AlgorithmSummary]
    public init(algorithms: [AlgorithmSummary]) { self.algorithms = algorithms }
    enum CodingKeys: String, CodingKey { case algorithms = "Algorithms" }
}

/// An algorithm in a list.
public struct AlgorithmSummary: Codable, Sendable, Equatable {
    public var algorithmName: String
    public var summary: String
    public init(algorithmName: String, summary: String) {
        self.algorithmName = algorithmName
        self.summary = summary
    }
    enum CodingKeys: String, CodingKey {
        case algorithmName = "AlgorithmName"
        case summary = "Summary"
    }
}

/// Lockstep.DescribeAlgorithm's request.
public struct DescribeAlgorithmRequest: Codable, Sendable, Equatable {
    public var algorithmName: String
    public init(algorithmName: String) { self.algorithmName = algorithmName }
    enum CodingKeys: String, CodingKey { case algorithmName = "AlgorithmName" }
}

/// Lockstep.DescribeAlgorithm's answer: what a job for this algorithm may say.
public struct AlgorithmDescription: Codable, Sendable, Equatable {
    public var algorithmName: String
    public var summary: String
    public var hyperParameters: [Hyperparameter]
    public var channels: [ChannelSummary]
    public var metrics: [MetricSummary]
    public init(
        algorithmName: String, summary: String, hyperParameters: [Hyperparameter],
        channels: [ChannelSummary], metrics: [MetricSummary]
    ) {
        self.algorithmName = algorithmName
        self.summary = summary
        self.hyperParameters = hyperParameters
        self.channels = channels
        self.metrics = metrics
    }
    enum CodingKeys: String, CodingKey {
        case algorithmName = "AlgorithmName"
        case summary = "Summary"
        case hyperParameters = "HyperParameters"
        case channels = "Channels"
        case metrics = "Metrics"
    }

    /// A hyperparameter: `type` is one of Integer, Continuous, Boolean, Categorical, List and FreeText.
    public struct Hyperparameter: Codable, Sendable, Equatable {
        public var name: String
        public var type: String
        /// Values it may take, `1…10000` or `sgd, adam`.
        public var values: String
        public var defaultValue: String?
        public var isRequired: Bool
        public var isTunable: Bool
        public var summary: String
        public init(
            name: String, type: String, values: String, defaultValue: String?, isRequired: Bool,
            isTunable: Bool, summary: String
        ) {
            self.name = name
            self.type = type
            self.values = values
            self.defaultValue = defaultValue
            self.isRequired = isRequired
            self.isTunable = isTunable
            self.summary = summary
        }
        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case type = "Type"
            case values = "Values"
            case defaultValue = "DefaultValue"
            case isRequired = "IsRequired"
            case isTunable = "IsTunable"
            case summary = "Summary"
        }
    }

    /// A channel the algorithm reads.
    public struct ChannelSummary: Codable, Sendable, Equatable {
        public var channelName: String
        public var isRequired: Bool
        public var summary: String
        public init(channelName: String, isRequired: Bool, summary: String) {
            self.channelName = channelName
            self.isRequired = isRequired
            self.summary = summary
        }
        enum CodingKeys: String, CodingKey {
            case channelName = "ChannelName"
            case isRequired = "IsRequired"
            case summary = "Summary"
        }
    }

    /// A metric the algorithm reports.
    public struct MetricSummary: Codable, Sendable, Equatable {
        public var metricName: String
        /// `minimize` or `maximize`.
        public var direction: String
        public init(metricName: String, direction: String) {
            self.metricName = metricName
            self.direction = direction
        }
        enum CodingKeys: String, CodingKey {
            case metricName = "MetricName"
            case direction = "Direction"
        }
    }
}
