import ClusterTypes
import ControlPlane
import JobLifecycle
import Wire

/// One run: a coordinator, its disk, workers, gangs and a network under a virtual clock, all from a seed.
///
/// The coordinator's decisions are the real ones (`ClusterState`); the rest is a model that behaves as
/// the programs do, and as badly as machines do. The same seed always gives the same run.
final class Simulation {
    /// What is going to happen.
    enum Action {
        case tick(life: Int)
        case startCoordinator
        case up(link: Int, ControlMessage)
        case down(link: Int, ControlMessage)
        case upClosed(link: Int)
        case downClosed(link: Int)
        case connect(worker: Int, daemonLife: Int)
        case beat(worker: Int, link: Int)
        case startDaemon(worker: Int, nodeLife: Int)
        case startNode(worker: Int, nodeLife: Int, isEmpty: Bool)
        case abandon(worker: Int, daemonLife: Int)
        case gangStarts(Int)
        case gangSteps(Int)
        case gangEnds(Int, AttemptEnd?)
        case staleCheck(gang: Int, link: Int)
        case create(job: Int)
        case stop(job: Int)
        case resume(worker: Int)
        case withdraw(worker: Int)
        case takeNode(worker: Int, nodeLife: Int)
        case fault
        case calm
    }

    let seed: UInt64
    let plan: SimulationPlan
    var random: SimulationRandom
    /// The steady clock.
    var now = SimulationTime.start
    /// What the coordinator's wall clock shows beyond it, and the latest time that it has shown.
    var clockError = 0.0
    var latestWall = 0.0
    var queue = EventQueue<Action>()
    var situations = Situations()
    var eventCount = 0

    var cluster: ClusterState
    var store = ModelStore()
    var isCoordinatorUp = false
    var coordinatorLife = 0
    var upSince = 0.0
    var diskFullUntil = 0.0
    /// The coordinator's store keeps it waiting until then; what it has heard meanwhile.
    var stalledUntil = 0.0
    var signs: [WorkerID: Double] = [:]

    var workers: [ModelWorker]
    var workerIndex: [WorkerID: Int] = [:]
    var links: [ModelLink] = []
    var gangs: [ModelGang] = []
    /// Indices of gangs that run or may run.
    var liveGangs: [Int] = []
    var jobIndex: [JobName: Int] = [:]
    /// Newest checkpoint on shared storage.
    var checkpoints: [JobName: Int] = [:]
    /// How an attempt ended, by the number that its message carries.
    var ends: [AttemptEnd] = []
    var isChaos = true

    // What has been acknowledged or done, for the invariants.
    var createdJobs: Set<JobName> = []
    var stoppedJobs: Set<JobName> = []
    var stopCalls: Set<JobName> = []
    var settledAttempts: Set<AttemptID> = []
    var launchedAttempts: Set<AttemptID> = []
    var finishedJobs: Set<JobName> = []
    var faultCounts: [JobName: Int] = [:]
    /// Jobs that have reached a limit, and since when.
    var dueSince: [JobName: Double] = [:]

    /// The last events in words, when they are asked for.
    var traceLines: [String] = []
    let isTracing: Bool
    static let traceLength = 120

    init(seed: UInt64, isTracing: Bool = false) {
        self.seed = seed
        self.isTracing = isTracing
        random = SimulationRandom(seed: seed)
        plan = SimulationPlan(&random)
        workers = plan.workers.map { ModelWorker($0) }
        cluster = ClusterState(
            leaseSeconds: SimulationPlan.leaseSeconds, heartbeatSeconds: SimulationPlan.heartbeatSeconds)
        for (index, worker) in plan.workers.enumerated() { workerIndex[worker.id] = index }
        for (index, job) in plan.jobs.enumerated() { jobIndex[job.draft.name] = index }
    }

    /// Longest time that a run may take after its faults, in virtual seconds.
    static let patienceSeconds = 900.0
    /// How long the cluster runs on after its last job, in virtual seconds.
    static let restSeconds = 15.0

    /// Runs to the end.
    ///
    /// - Throws: the first broken invariant.
    func run() throws(Violation) {
        enter(.startCoordinator, after: 0)
        for index in workers.indices {
            enter(.startDaemon(worker: index, nodeLife: 0), after: random.real(0...2))
        }
        for (index, job) in plan.jobs.enumerated() { queue.add(.create(job: index), at: job.createdAt) }
        enter(.fault, after: random.real(1...4))
        enter(.calm, after: plan.chaosSeconds)
        var deadline = SimulationTime.start + plan.chaosSeconds + Self.patienceSeconds
        var isResting = false
        while let (time, action) = queue.next(), time <= deadline {
            now = time
            latestWall = max(latestWall, moment.wall)
            eventCount += 1
            try perform(action)
            if eventCount % 32 == 0 {
                try checkStore()
                try checkPace()
            }
            if !isResting, !isChaos, eventCount % 32 == 0, allIsOver() || nothingCanRun() {
                isResting = true
                deadline = now + Self.restSeconds
            }
        }
        try checkStore()
        try checkEnd()
    }

    var moment: Moment { Moment(steady: now, wall: now + clockError) }

    /// Whether the coordinator would answer at once.
    var isListening: Bool { isCoordinatorUp && now >= stalledUntil }

    func enter(_ action: Action, after seconds: Double) { queue.add(action, at: now + seconds) }

    func trace(_ text: @autoclosure () -> String) {
        guard isTracing else { return }
        traceLines.append("\(SimulationTime.text(now))  \(text())")
        if traceLines.count > Self.traceLength { traceLines.removeFirst() }
    }

    /// Time in which everything is back that comes back after the last fault, in virtual seconds.
    static let settlingSeconds = 30.0

    func allIsOver() -> Bool {
        plan.jobs.allSatisfy { cluster.jobs[$0.draft.name]?.phase == .over }
    }

    private func perform(_ action: Action) throws(Violation) {
        switch action {
        case .tick(let life): try tick(life)
        case .startCoordinator: try startCoordinator()
        case .up(let link, let message): try arriveUp(link, message)
        case .down(let link, let message): try arriveDown(link, message)
        case .upClosed(let link): try coordinatorSeesEnd(link)
        case .downClosed(let link): workerSeesEnd(link)
        case .connect(let worker, let life): connect(worker, life)
        case .beat(let worker, let link): beat(worker, link)
        case .startDaemon(let worker, let life): startDaemon(worker, life)
        case .startNode(let worker, let life, let isEmpty): startNode(worker, life, isEmpty)
        case .abandon(let worker, let life): abandon(worker, life)
        case .gangStarts(let gang): try startGang(gang)
        case .gangSteps(let gang): stepGang(gang)
        case .gangEnds(let gang, let end): endGang(gang, end)
        case .staleCheck(let gang, let link): try checkStale(gang, link)
        case .create(let job): try create(job)
        case .stop(let job): try stop(job)
        case .resume(let worker): try resume(worker)
        case .withdraw(let worker): withdraw(worker)
        case .takeNode(let worker, let life): takeNode(worker, life)
        case .fault: try fault()
        case .calm: try calm()
        }
    }
}
