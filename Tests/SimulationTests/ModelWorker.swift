import ClusterTypes
import Wire

/// A node's worker daemon, its disk and its shared memory.
struct ModelWorker {
    let plan: SimulationPlan.Worker
    var isNodeUp = true
    var isDaemonUp = false
    /// Counts starts of the node and of the daemon; what belongs to an earlier one is void.
    var nodeLife = 0
    var daemonLife = 0
    /// Never to come back.
    var isGone = false
    /// When the daemon died last, and whether the coordinator could not hear it any more by then.
    var diedAt = 0.0
    var wasCutOffAtDeath = false
    /// Seconds after its death in which its supervisors end their gangs.
    var endsGangsWithin = 0.0
    /// The connection from the first attempt to reach the coordinator until it is known to be over.
    var link: Int?
    var isRegistered = false
    var lastHeard = 0.0
    /// When it last sent what renews its lease on this connection; `nil`: there is none.
    var lastBeat: Double?
    /// Cut off from the coordinator until then, and from the other nodes too.
    var partitionedUntil = 0.0
    var isCutFromPeers = false
    /// As `Leaving`.
    var wish: DrainWish?
    var isWishTold = false
    var isDrained = false
    /// Attempts' folders that are not settled: they outlive the daemon and, mostly, the node.
    var disk: [AttemptID: Int] = [:]
    /// Folders that are settled.
    var settled: [AttemptID: Int] = [:]
    /// The daemon's `AttemptBook`.
    var book: [AttemptID: Entry] = [:]
    /// Newest step in shared memory, by job.
    var hot: [JobName: Int] = [:]
    /// Newest step ever committed here since the node started, whatever became of it in `hot`.
    var committed: [JobName: Int] = [:]

    struct Entry {
        var gang: Int
        var position = 0
        var isWaiting = false
        var isEndSent = false
    }

    init(_ plan: SimulationPlan.Worker) { self.plan = plan }

    var instance: String { "\(plan.id)-\(nodeLife)-\(daemonLife)" }

    var known: [AttemptID] { book.keys.sorted { ($0.job, $0.number) < ($1.job, $1.number) } }
}

/// One TCP connection between a worker and the coordinator.
///
/// In each direction order holds. A cut loses whatever is on its way.
struct ModelLink {
    let worker: Int
    let daemonLife: Int
    let coordinatorLife: Int
    var isCutUp = false
    var isCutDown = false
    var isClosedByWorker = false
    var isClosedByCoordinator = false
    var isRegistered = false
    /// When the last message sent will arrive.
    var lastUp = 0.0
    var lastDown = 0.0
}

/// A launched attempt: supervisor, `mpirun` and ranks, in the real world.
struct ModelGang {
    enum Phase { case starting, training, over }
    let attempt: AttemptID
    let order: LaunchOrder
    /// Of the plan's workers, one for each rank; the supervisor is with the first.
    let ranks: [Int]
    let supervisor: Int
    let supervisorLife: Int
    /// Index in the plan's jobs.
    let job: Int
    var phase = Phase.starting
    var isSupervisorAlive = true
    var step = 0
    var isAskedToStop = false
    /// An end that is on its way already.
    var isEnding = false
    /// `events.jsonl`.
    var events: [TrainingEvent] = []
    /// `exit.json`.
    var end: AttemptEnd?

    var isLive: Bool { phase != .over }
}
