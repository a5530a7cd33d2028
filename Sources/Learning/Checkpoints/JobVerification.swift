/// What a check of one job's files found.
public struct JobVerification: Codable, Sendable, Equatable {
    /// A checkpoint that is there.
    public struct CheckpointFinding: Codable, Sendable, Equatable {
        public var step: Int
        public var path: String
        /// Ranks that wrote it; `nil` when it cannot be read.
        public var world: Int?
        /// 16 hex digits; `nil` when it cannot be read.
        public var stateHash: String?
        /// Seconds since 1970; `nil` when it cannot be read.
        public var created: Double?
        /// What is wrong with it; `nil` when nothing is.
        public var problem: String?
    }

    /// The job's folder.
    public var folder: String
    /// 64 hex digits; `nil` without a good model.
    public var modelHash: String?
    public var checkpoints: [CheckpointFinding]
    /// Damaged checkpoints that the runtime set aside.
    public var setAside: [String]
    /// First and last step in the history; `nil` without one.
    public var firstStep: Int?
    public var lastStep: Int?
    /// 64 hex digits: digest of all commits in the history.
    public var chainDigest: String?
    /// World sizes that took the steps, in order.
    public var worlds: [Int]
    /// Who trained which steps, in order.
    public var attempts: [AttemptFinding] = []
    /// How records were used; `nil` without a history, or where the job does not tell.
    public var records: RecordAudit?
    /// What holds, what is only said, and what is not there to be checked.
    public var proof = ProofFinding()
    /// One sentence each; empty when everything checks out.
    public var problems: [String]

    /// Whether everything that is there checks out.
    public var isGood: Bool { problems.isEmpty }
}

/// What a comparison of two jobs found.
public struct JobComparison: Codable, Sendable, Equatable {
    public var first: JobVerification
    public var second: JobVerification
    /// Commits that both histories have.
    public var comparedCommits: Int
    /// First step whose states differ.
    public var firstDifferingStep: Int?
    /// Whether both are whole, walked through the same states and ended in the same model.
    public var isEqual: Bool
    /// One sentence.
    public var verdict: String
}
