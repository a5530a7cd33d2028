import ClusterTypes
import JobLifecycle

/// Cluster, jobs and kinds of faults of one run, drawn from its seed.
struct SimulationPlan {
    struct Worker {
        var id: WorkerID
        var kind: WorkerKind
        var slots: Int
        /// Workers with equal addresses are on one node and die with it.
        var address: String
    }

    struct Job {
        var draft: JobDraft
        var createdAt: Double
        var stepCount: Int
        var stepSeconds: Double
        /// A checkpoint every so many steps.
        var checkpointEvery: Int
        /// The step at which its data turns out to be bad.
        var badDataAt: Int?
    }

    /// What may go wrong; every run has some of them.
    enum Fault: CaseIterable {
        case rankCrash, rankKill, supervisorKill, daemonDeath, nodeDeath, cut, silentCut, partition
        case coordinatorCrash, drain, spotNotice, stopJob, divergence, diskFull, clockJump, stall,
            daemonStop
    }

    static let leaseSeconds = 5.0
    static let heartbeatSeconds = 1.0

    var workers: [Worker] = []
    var jobs: [Job] = []
    var faults: [Fault] = []
    /// Mean time between two faults.
    var faultInterval = 3.0
    /// No fault starts after so long.
    var chaosSeconds = 40.0
    /// That a durable write is where the coordinator crashes, or fails.
    var writeTrouble = 0.0
    var longestDelay = 0.05
    /// Whether what is stored goes through its coded form at restarts; slow, so not in every run.
    var recodes = false

    init(_ random: inout SimulationRandom) {
        recodes = random.chance(0.2)
        chaosSeconds = random.real(15...60)
        faultInterval = random.real(0.4...4)
        writeTrouble = random.pick([0.0, 0.003, 0.01, 0.04]) ?? 0
        longestDelay = random.pick([0.002, 0.05, 0.5]) ?? 0.05
        let share = random.real(0.1...0.9)
        faults = Fault.allCases.filter { _ in random.chance(share) }
        if faults.isEmpty { faults = [.nodeDeath] }
        let spotShares: [Double] = [0, 0.5, 1]
        let spotShare: Double = random.pick(spotShares) ?? 0
        for index in 1...random.integer(1...5) {
            let sharesNode = index > 1 && random.chance(0.15)
            workers.append(
                Worker(
                    id: WorkerID("w\(index)"), kind: random.chance(spotShare) ? .spot : .onDemand,
                    slots: random.integer(1...3), address: "n\(sharesNode ? index - 1 : index)"))
        }
        if random.chance(0.4) {
            workers.append(
                Worker(id: WorkerID("k"), kind: .keeper, slots: random.integer(1...2), address: "n0"))
        }
        let total = workers.reduce(0) { $0 + ($1.kind == .keeper ? 0 : $1.slots) }
        for index in 1...random.integer(1...6) { jobs.append(Self.job(index, total, spotShare, &random)) }
    }

    private static func job(
        _ index: Int, _ total: Int, _ spotShare: Double, _ random: inout SimulationRandom
    ) -> Job {
        let slots = random.chance(0.05) ? total + 1 : random.integer(1...max(1, min(total, 6)))
        let least = random.chance(0.45) ? random.integer(1...slots) : slots
        let keeper =
            random.pick([JobPolicy.Keeper.never, .never, .always, .whenAllSpot, .whenAllSpot]) ?? .never
        let policy = JobPolicy(
            minimumSlots: least, priority: random.integer(0...2), isPreemptible: random.chance(0.6),
            usesSpot: random.chance(0.2 + 0.75 * spotShare),
            maxWaitSeconds: random.chance(0.08) ? random.integer(5...60) : nil, keeper: keeper)
        let draft = JobDraft(
            name: JobName("j\(index)"), requestJSON: "", arn: "", modelArtifact: "", slotCount: slots,
            maxRuntimeSeconds: random.chance(0.06) ? random.integer(5...30) : 100_000,
            maximumRestarts: random.chance(0.2) ? random.integer(0...2) : 10, policy: policy)
        let steps = random.integer(2...30)
        return Job(
            draft: draft, createdAt: SimulationTime.start + random.real(0...30), stepCount: steps,
            stepSeconds: random.real(0.1...1), checkpointEvery: random.integer(1...6),
            badDataAt: random.chance(0.06) ? random.integer(1...steps) : nil)
    }
}
