import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import SageMakerShapes

/// One job, hit again and again when it has come to itself.
struct RecoveryRun {
    enum Fault: String { case rank, node, daemons }

    let fault: Fault
    let count: Int
    let seed: UInt64
    let delayMilliseconds: Int

    private static let patienceSeconds = 60.0
    /// Ranks of a whole gang: four workers and the keeper.
    private static let wholeWorld = 5

    func run() throws -> String {
        let folder = NSTemporaryDirectory() + "lockstep-recovery-\(getpid())"
        let cluster = try ChaosCluster(folder: folder)
        defer {
            cluster.end()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let jobs = try ChaosJobs(folder: folder)
        try cluster.startAll()
        // Enough steps for every fault, and some to spare: 30 steps an epoch.
        let secondsEach = fault == .node ? 16.0 : 5.0
        let epochs = max(40, Int(Double(count) * secondsEach * 1000 / Double(delayMilliseconds) / 30))
        for (name, delay) in [("undisturbed", 0), ("job", delayMilliseconds)] {
            try jobs.submit(
                name, .linearLearner, delayMilliseconds: delay, epochs: epochs, to: cluster)
            if name == "undisturbed" { try end(name, cluster) }
        }
        try waitUntilWhole(cluster)
        let text = fault == .daemons ? try hitDaemons(cluster) : try hit(cluster)
        try end("job", cluster)
        let hashes = ["undisturbed", "job"].map { cluster.describe($0)?.modelHash }
        guard hashes[0] != nil, hashes[0] == hashes[1] else {
            throw LockstepError(.mismatch, "the model is \(hashes[1] ?? "none"), not \(hashes[0] ?? "none")")
        }
        return text + "; the model is that of the undisturbed run"
    }

    private func hit(_ cluster: ChaosCluster) throws -> String {
        var random = SeededRandom(seed)
        var recoveries: [Recovery] = []
        for _ in 0..<count {
            try waitUntilWhole(cluster)
            usleep(UInt32.random(in: 300_000...800_000, using: &random))
            let worker = ChaosCluster.workers.randomElement(using: &random) ?? "w1"
            let time = Date().timeIntervalSince1970
            let stopped = take(worker, of: cluster)
            var recovery: Recovery?
            try Waiting.eventually(Self.patienceSeconds, "the job did not go on after \(worker) was hit") {
                recovery = Recovery(after: time, in: try cluster.events("job"))
                return recovery != nil
            }
            for pid in stopped { kill(pid, SIGCONT) }
            if let recovery { recoveries.append(recovery) }
        }
        return Recovery.summary(recoveries, of: fault.rawValue)
    }

    /// - Returns: the processes that are stopped.
    private func take(_ worker: String, of cluster: ChaosCluster) -> [Int32] {
        let ranks = cluster.ranks("job").filter { cluster.isRank($0, of: worker) }
        guard fault == .node else {
            for pid in ranks { kill(pid, SIGKILL) }
            return []
        }
        cluster.signal(worker, SIGSTOP)
        for pid in ranks { kill(pid, SIGSTOP) }
        return ranks + [cluster.pid(worker)].compactMap { $0 }
    }

    private func hitDaemons(_ cluster: ChaosCluster) throws -> String {
        let begin = Date().timeIntervalSince1970
        for name in ["coordinator", "keeper"] + ChaosCluster.workers {
            cluster.signal(name, SIGKILL)
            usleep(500_000)
            try cluster.start(name)
            usleep(1_500_000)
        }
        let end = Date().timeIntervalSince1970
        let events = try cluster.events("job").filter {
            $0.event.kind == .progress && (begin...end).contains($0.event.time)
        }
        let attempts = Set(events.map(\.attempt)).count
        guard events.count > 2, attempts == 1 else {
            throw LockstepError(.mismatch, "the job had \(attempts) attempts where it should have had one")
        }
        // An event may stand for several steps.
        let gaps = zip(events, events.dropFirst()).map { earlier, later in
            (later.event.time - earlier.event.time)
                / Double(max(1, (later.event.step ?? 0) - (earlier.event.step ?? 0)))
        }.sorted()
        let (median, longest) = (gaps[gaps.count / 2], gaps[gaps.count - 1])
        return String(
            format:
                "coordinator and 5 worker daemons killed: %d steps seen, median %.1f ms, longest %.1f ms, "
                + "ratio %.2f; one attempt", gaps.count, median * 1000, longest * 1000, longest / median)
    }

    /// Waits until a gang of full size has committed a few steps.
    private func waitUntilWhole(_ cluster: ChaosCluster) throws {
        try Waiting.eventually(Self.patienceSeconds, "the gang did not become whole") {
            guard let job = cluster.describe("job") else { return false }
            guard job.trainingJobStatus == "InProgress" else {
                throw LockstepError(.bug, "the job ended too early: \(job.trainingJobStatus)")
            }
            let events = try cluster.events("job")
            guard let last = events.lastIndex(where: { $0.event.world != nil }) else { return false }
            return events[last].event.world == Self.wholeWorld
                && events[last...].count { $0.event.kind == .progress } >= 3
        }
    }

    private func end(_ job: String, _ cluster: ChaosCluster) throws {
        try Waiting.eventually(600, "the job \(job) did not end") {
            let status = cluster.describe(job)?.trainingJobStatus
            guard status != "Failed" else {
                throw LockstepError(.bug, "\(job) failed: \(cluster.describe(job)?.failureReason ?? "")")
            }
            return status == "Completed"
        }
    }
}

/// What a fault cost a job.
struct Recovery {
    /// From the fault to the next committed step.
    var seconds: Double
    /// Whether the survivors went on in place.
    var isInPlace: Bool
    var lostSteps: Int

    /// - Parameters:
    ///   - time: of the fault, in seconds since 1970.
    ///   - events: of the job, in order of time.
    /// - Returns: `nil` while no step has been committed by a new world.
    init?(after time: Double, in events: [ChaosEvent]) {
        let before = events.last { $0.event.kind == .progress && $0.event.time <= time }
        let attempt = before?.attempt ?? 0
        guard
            let change = events.firstIndex(where: {
                $0.event.time > time && ($0.event.kind == .shrunk || $0.attempt > attempt)
            }), let next = events[change...].first(where: { $0.event.kind == .progress })
        else { return nil }
        seconds = next.event.time - time
        isInPlace = next.attempt == attempt
        let committed = events[..<change].last { $0.event.kind == .progress }?.event.step ?? 0
        let start = events[change...].first { $0.event.kind == .training }?.event.step ?? committed
        lostSteps = max(0, committed - start)
    }

    static func summary(_ recoveries: [Recovery], of fault: String) -> String {
        let times = recoveries.map(\.seconds).sorted()
        return String(
            format:
                "\(times.count) times a \(fault): median %.3f s, longest %.3f s to the next committed step; "
                + "%d in place; %d steps lost", times[times.count / 2], times[times.count - 1],
            recoveries.count { $0.isInPlace }, recoveries.reduce(0) { $0 + $1.lostSteps })
    }
}
