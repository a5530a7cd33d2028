package import ClusterTypes

/// A job that waits for its gang.
package struct WaitingJob: Sendable, Equatable {
    package var name: JobName
    /// Fewest and most slots it takes.
    package var slots: ClosedRange<Int>
    /// Higher goes first.
    package var priority: Int
    /// How many gangs of later jobs have started while this one waited.
    package var passedOver: Int
    /// Whether spot workers will do.
    package var usesSpot: Bool
    package var keeper: KeeperWish

    /// Whether the gang gets a state keeper.
    package enum KeeperWish: Sendable, Equatable { case never, always, whenAllSpot }

    package init(
        name: JobName, slots: ClosedRange<Int>, priority: Int = 0, passedOver: Int = 0,
        usesSpot: Bool = false, keeper: KeeperWish = .never
    ) {
        self.name = name
        self.slots = slots
        self.priority = priority
        self.passedOver = passedOver
        self.usesSpot = usesSpot
        self.keeper = keeper
    }
}

/// A job that has a gang.
package struct RunningJob: Sendable, Equatable {
    package var name: JobName
    /// Slots it has.
    package var count: Int
    /// Most slots it takes.
    package var most: Int
    package var priority: Int
    package var usesSpot: Bool
    /// Whether a job of higher priority may have its slots.
    package var isPreemptible: Bool
    /// Whether it has been asked to leave already; its slots come free soon.
    package var isLeaving: Bool
    /// Whether it has done a step, so that another restart costs little.
    package var mayGrow: Bool
    /// When its gang started.
    package var startTime: Double
    package init(
        name: JobName, count: Int, most: Int, priority: Int = 0, usesSpot: Bool = false,
        isPreemptible: Bool = false, isLeaving: Bool = false, mayGrow: Bool = false, startTime: Double = 0
    ) {
        self.name = name
        self.count = count
        self.most = most
        self.priority = priority
        self.usesSpot = usesSpot
        self.isPreemptible = isPreemptible
        self.isLeaving = isLeaving
        self.mayGrow = mayGrow
        self.startTime = startTime
    }
}

/// The running jobs, as far as a plan has to know them: most plans need neither of the lists that are
/// made on demand.
package struct RunningJobs {
    /// Those that have been asked to leave.
    package var leaving: [RunningJob]
    /// Lowest priority among those that may be asked to make room; `nil`: there is none.
    package var lowestPriority: Int?
    /// Those that may be asked to make room.
    package var preemptible: () -> [RunningJob]
    /// Those that may be asked to grow, oldest first.
    package var growing: () -> [RunningJob]

    package init(
        leaving: [RunningJob], lowestPriority: Int?, preemptible: @escaping () -> [RunningJob],
        growing: @escaping () -> [RunningJob]
    ) {
        self.leaving = leaving
        self.lowestPriority = lowestPriority
        self.preemptible = preemptible
        self.growing = growing
    }

    /// All running jobs, oldest first.
    package init(_ jobs: [RunningJob]) {
        let preemptible = jobs.filter { $0.isPreemptible && !$0.isLeaving }
        self.init(
            leaving: jobs.filter(\.isLeaving), lowestPriority: preemptible.map(\.priority).min(),
            preemptible: { preemptible }, growing: { jobs.filter { $0.mayGrow && !$0.isLeaving } })
    }
}

/// What the scheduler decided about one waiting job.
package enum Decision: Sendable, Equatable {
    /// Start a gang; one worker for every rank, ranks of a node next to each other, a state keeper first.
    case place([WorkerID], hasKeeper: Bool)
    /// Wait, for this reason in words.
    case wait(reason: String)
}

/// What the scheduler wants of a running job.
package enum Request: Sendable, Equatable {
    /// Commit and leave: a waiting job of higher priority needs the slots.
    case makeRoom(JobName, for: JobName)
    /// Commit and leave, to start again with more ranks.
    case grow(JobName)
}
