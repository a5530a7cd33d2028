extension JobSpec {
    /// What a job gets.
    public struct Resources: Codable, Sendable, Equatable {
        /// InstanceType, word for word; `nil`: none was asked for.
        public var instanceType: String?
        /// Ranks, each on a slot.
        public var ranks: Int
        /// Fewest ranks that it does with: fewer than `ranks` for an elastic job.
        public var minimumRanks: Int
        /// Size of the volume of each host of a program; `nil`: no limit.
        public var volumeGB: Int?

        /// - Parameter minimumRanks: `nil`: all.
        public init(
            instanceType: String? = nil, ranks: Int = 1, minimumRanks: Int? = nil, volumeGB: Int? = nil
        ) {
            self.instanceType = instanceType
            self.ranks = ranks
            self.minimumRanks = minimumRanks ?? ranks
            self.volumeGB = volumeGB
        }
    }

    /// By which rules a job is scheduled and ended.
    public struct Policy: Codable, Sendable, Equatable {
        /// When the gang gets a state keeper: a rank on the coordinator's node that owns no logical shard.
        public enum Keeper: String, Sendable, Codable {
            case never
            case always
            /// When every worker of the gang is a spot worker and a keeper is there.
            case whenAllSpot
        }

        /// Whether spot workers will do, and are preferred.
        public var usesSpot: Bool
        /// Higher goes first.
        public var priority: Int
        /// Whether a job of higher priority may take its slots.
        public var isPreemptible: Bool
        public var keeper: Keeper
        /// How often it may be restarted after a fault that is not the user's.
        public var maximumRestarts: Int
        /// Longest time with a gang, over all attempts.
        public var maxRuntimeSeconds: Int
        /// Longest time from its creation to its end; `nil`: as long as it takes.
        public var maxWaitSeconds: Int?

        public init(
            usesSpot: Bool = false, priority: Int = 0, isPreemptible: Bool = false, keeper: Keeper = .never,
            maximumRestarts: Int = Self.usualRestarts, maxRuntimeSeconds: Int = Self.usualRuntimeSeconds,
            maxWaitSeconds: Int? = nil
        ) {
            self.usesSpot = usesSpot
            self.priority = priority
            self.isPreemptible = isPreemptible
            self.keeper = keeper
            self.maximumRestarts = maximumRestarts
            self.maxRuntimeSeconds = maxRuntimeSeconds
            self.maxWaitSeconds = maxWaitSeconds
        }

        /// The most that RetryStrategy allows: a job is meant to survive faults that are not its own.
        public static let usualRestarts = 30
        /// One day, as in SageMaker.
        public static let usualRuntimeSeconds = 86_400
    }
}
