public import ClusterTypes

/// What a job asks of the scheduler, beside its number of slots.
public struct JobPolicy: Sendable, Codable, Equatable {
    /// When the gang gets a state keeper: a rank on the coordinator's node that owns no logical shard.
    public enum Keeper: String, Sendable, Codable {
        case never
        case always
        /// When every worker of the gang is a spot worker and a keeper is there.
        case whenAllSpot
    }

    /// Fewest slots the gang can do with; as many as the job wants, unless it is elastic.
    public var minimumSlots: Int
    /// Higher goes first.
    public var priority: Int
    /// Whether a job of higher priority may take its slots.
    public var isPreemptible: Bool
    /// EnableManagedSpotTraining: spot workers will do, and are preferred.
    public var usesSpot: Bool
    /// Longest time from its creation to its end, in seconds; `nil`: as long as it takes.
    public var maxWaitSeconds: Int?
    public var keeper: Keeper

    public init(
        minimumSlots: Int, priority: Int = 0, isPreemptible: Bool = false, usesSpot: Bool = false,
        maxWaitSeconds: Int? = nil, keeper: Keeper = .never
    ) {
        self.minimumSlots = minimumSlots
        self.priority = priority
        self.isPreemptible = isPreemptible
        self.usesSpot = usesSpot
        self.maxWaitSeconds = maxWaitSeconds
        self.keeper = keeper
    }
}

/// Why a gang is asked to commit and leave although its job is not to end.
public enum Yield: Sendable, Codable, Equatable {
    /// This worker is to have no ranks any more.
    case drain(WorkerID)
    /// There is room for more ranks.
    case grow
    /// A job of higher priority needs the slots.
    case preempt(by: JobName)
}
