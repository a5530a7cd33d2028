import JSON

/// The members of DescribeTrainingJob's answer that the coordinator computes; those of the request
/// stand beside them in the JSON.
///
/// Times are seconds since 1970. The members after `trainingTimeInSeconds` are Lockstep's own.
public struct TrainingJobDescription: Codable, Sendable, Equatable {
    public var trainingJobName: String
    public var trainingJobArn: String
    public var trainingJobStatus: String
    public var secondaryStatus: String
    public var secondaryStatusTransitions: [Transition]
    public var failureReason: String?
    /// `nil` when the job is over and has left none.
    public var modelArtifacts: ModelArtifacts?
    public var creationTime: Double
    public var lastModifiedTime: Double
    public var trainingStartTime: Double?
    public var trainingEndTime: Double?
    public var finalMetricDataList: [Metric]?
    public var trainingTimeInSeconds: Int?
    public var billableTimeInSeconds: Int?
    public var progressInfo: ProgressInfo?
    /// SHA-256 over names, shapes and bytes of the model's tensors.
    public var modelHash: String?
    public var trainingProgress: Progress?
    public var attempts: [Attempt]?

    public init(
        trainingJobName: String, trainingJobArn: String, trainingJobStatus: String,
        secondaryStatus: String, secondaryStatusTransitions: [Transition],
        modelArtifacts: ModelArtifacts?, creationTime: Double, lastModifiedTime: Double
    ) {
        self.trainingJobName = trainingJobName
        self.trainingJobArn = trainingJobArn
        self.trainingJobStatus = trainingJobStatus
        self.secondaryStatus = secondaryStatus
        self.secondaryStatusTransitions = secondaryStatusTransitions
        self.modelArtifacts = modelArtifacts
        self.creationTime = creationTime
        self.lastModifiedTime = lastModifiedTime
    }

    enum CodingKeys: String, CodingKey {
        case trainingJobName = "TrainingJobName"
        case trainingJobArn = "TrainingJobArn"
        case trainingJobStatus = "TrainingJobStatus"
        case secondaryStatus = "SecondaryStatus"
        case secondaryStatusTransitions = "SecondaryStatusTransitions"
        case failureReason = "FailureReason"
        case modelArtifacts = "ModelArtifacts"
        case creationTime = "CreationTime"
        case lastModifiedTime = "LastModifiedTime"
        case trainingStartTime = "TrainingStartTime"
        case trainingEndTime = "TrainingEndTime"
        case finalMetricDataList = "FinalMetricDataList"
        case trainingTimeInSeconds = "TrainingTimeInSeconds"
        case billableTimeInSeconds = "BillableTimeInSeconds"
        case progressInfo = "ProgressInfo"
        case modelHash = "ModelHash"
        case trainingProgress = "TrainingProgress"
        case attempts = "Attempts"
    }

    /// Whether nothing more will happen to the job.
    public var isTerminal: Bool {
        ["Completed", "Failed", "Stopped"].contains(trainingJobStatus)
    }
}

extension TrainingJobDescription {
    /// SageMaker's SecondaryStatusTransition.
    public struct Transition: Codable, Sendable, Equatable {
        public var status: String
        public var startTime: Double
        public var endTime: Double?
        public var statusMessage: String
        public init(status: String, startTime: Double, endTime: Double?, statusMessage: String) {
            self.status = status
            self.startTime = startTime
            self.endTime = endTime
            self.statusMessage = statusMessage
        }
        enum CodingKeys: String, CodingKey {
            case status = "Status"
            case startTime = "StartTime"
            case endTime = "EndTime"
            case statusMessage = "StatusMessage"
        }
    }

    /// Where the model lies, or will lie.
    public struct ModelArtifacts: Codable, Sendable, Equatable {
        public var s3ModelArtifacts: String
        public init(s3ModelArtifacts: String) { self.s3ModelArtifacts = s3ModelArtifacts }
        enum CodingKeys: String, CodingKey { case s3ModelArtifacts = "S3ModelArtifacts" }
    }

    /// SageMaker's MetricData.
    public struct Metric: Codable, Sendable, Equatable {
        public var metricName: String
        public var value: Double
        public var timestamp: Double
        public init(metricName: String, value: Double, timestamp: Double) {
            self.metricName = metricName
            self.value = value
            self.timestamp = timestamp
        }
        enum CodingKeys: String, CodingKey {
            case metricName = "MetricName"
            case value = "Value"
            case timestamp = "Timestamp"
        }
    }

    /// SageMaker's TrainingProgressInfo, as far as it is known.
    public struct ProgressInfo: Codable, Sendable, Equatable {
        public var currentStep: Int?
        public var currentEpoch: Int?
        public init(currentStep: Int?, currentEpoch: Int?) {
            self.currentStep = currentStep
            self.currentEpoch = currentEpoch
        }
        enum CodingKeys: String, CodingKey {
            case currentStep = "CurrentStep"
            case currentEpoch = "CurrentEpoch"
        }
    }

    /// How far a running job is; Lockstep's own.
    public struct Progress: Codable, Sendable, Equatable {
        /// Part of the training done, 0…1.
        public var fraction: Double?
        public var loss: Double?
        public var samplesPerSecond: Double?
        public init(fraction: Double?, loss: Double?, samplesPerSecond: Double?) {
            self.fraction = fraction
            self.loss = loss
            self.samplesPerSecond = samplesPerSecond
        }
        enum CodingKeys: String, CodingKey {
            case fraction = "Fraction"
            case loss = "Loss"
            case samplesPerSecond = "SamplesPerSecond"
        }
    }

    /// One run of the job; Lockstep's own.
    public struct Attempt: Codable, Sendable, Equatable {
        public var number: Int
        public var startTime: Double
        public var endTime: Double?
        /// Worker of every rank, by rank.
        public var workers: [String]
        public var firstStep: Int?
        public var lastStep: Int?
        public var outcome: String?
        /// Whether rank 0 is a state keeper.
        public var hasStateKeeper: Bool?
        public init(number: Int, startTime: Double, workers: [String]) {
            self.number = number
            self.startTime = startTime
            self.workers = workers
        }
        enum CodingKeys: String, CodingKey {
            case number = "Number"
            case startTime = "StartTime"
            case endTime = "EndTime"
            case workers = "Workers"
            case firstStep = "FirstStep"
            case lastStep = "LastStep"
            case outcome = "Outcome"
            case hasStateKeeper = "HasStateKeeper"
        }
    }
}
