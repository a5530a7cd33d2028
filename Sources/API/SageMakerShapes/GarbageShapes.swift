/// Lockstep.CollectGarbage's request.
public struct CollectGarbageRequest: Codable, Sendable, Equatable {
    /// Jobs are kept for so many days after their end; none of the two: as the coordinator was told.
    public var keepDays: Int?
    /// So many of the newest jobs are kept.
    public var keepJobs: Int?
    /// Whether to tell only what would be forgotten.
    public var dryRun: Bool?

    public init(keepDays: Int? = nil, keepJobs: Int? = nil, dryRun: Bool? = nil) {
        self.keepDays = keepDays
        self.keepJobs = keepJobs
        self.dryRun = dryRun
    }

    enum CodingKeys: String, CodingKey {
        case keepDays = "KeepDays"
        case keepJobs = "KeepJobs"
        case dryRun = "DryRun"
    }
}

/// Lockstep.CollectGarbage's answer.
public struct CollectGarbageResponse: Codable, Sendable, Equatable {
    /// A job that was forgotten, or would be.
    public struct Job: Codable, Sendable, Equatable {
        public var trainingJobName: String
        /// What the coordinator's store held of it.
        public var bytes: Int

        public init(trainingJobName: String, bytes: Int) {
            self.trainingJobName = trainingJobName
            self.bytes = bytes
        }

        enum CodingKeys: String, CodingKey {
            case trainingJobName = "TrainingJobName"
            case bytes = "Bytes"
        }
    }

    public var jobs: [Job]

    public init(jobs: [Job]) { self.jobs = jobs }

    enum CodingKeys: String, CodingKey { case jobs = "Jobs" }
}
