import APIClient
import Diagnostics
import Foundation
import Glibc
import SageMakerShapes

/// One job from its submission to its end, and what happened to it on the way.
struct ChaosRun {
    let seed: UInt64
    let kind: ChaosKind
    let delayMilliseconds: Int
    let disturbances: [Disturbance]
    let hosts: ChaosHosts
    let smallDisk: String?

    /// A job that has not ended by then has failed the run.
    static let patienceSeconds = 600.0
    /// After so long the job is left in peace.
    static let disturbedSeconds = 30.0

    func run() throws -> ChaosResult {
        // Programs have a /tmp of their own, so theirs would not be found there.
        let folder = "/var/tmp/lockstep-chaos-\(getpid())-\(seed)"
        let before = ChaosRemains.shared()
        let cluster = try ChaosCluster(folder: folder, hosts: hosts, smallDisk: smallDisk)
        defer {
            cluster.end()
            cluster.removeSmallDisk()
            try? FileManager.default.removeItem(atPath: folder)
        }
        cluster.makeSmallDisk()
        let jobs = try ChaosJobs(folder: folder)
        try cluster.startAll()
        let reference = try undisturbed(jobs, cluster)
        let begin = Date()
        try jobs.submit("job", kind, delayMilliseconds: delayMilliseconds, to: cluster)
        let told = try disturb(cluster)
        var status = "InProgress"
        try Waiting.eventually(Self.patienceSeconds, "the job of seed \(seed) did not end") {
            guard let job = cluster.describe("job") else { return false }
            status = job.trainingJobStatus
            return ["Completed", "Failed", "Stopped"].contains(status)
        }
        let seconds = -begin.timeIntervalSinceNow
        let job = cluster.describe("job")
        let hash = try job.flatMap { try jobs.modelHash($0, kind, cluster) }
        let events = try cluster.events("job")
        let recovery = ChaosRecovery(
            events, of: kind, committed: cluster.committed("job"),
            hasLostMemory: told.contains { $0.hasPrefix("lose") })
        let left = cluster.leave() + ChaosRemains.shared().subtracting(before).sorted()
        let isEqual = status == "Completed" && hash != nil && hash == reference
        let reason = job?.failureReason.map { ": \($0)" } ?? ""
        return ChaosResult(
            seed: seed, kind: kind, disturbances: told, attempts: job?.attempts?.count ?? 0,
            recovery: recovery, seconds: seconds, left: left, isEqual: isEqual,
            verdict: isEqual ? "equal" : "\(status), \(hash ?? "no model")\(reason)")
    }

    private func undisturbed(_ jobs: ChaosJobs, _ cluster: ChaosCluster) throws -> String {
        try jobs.submit("undisturbed", kind, delayMilliseconds: 0, to: cluster)
        var hash: String?
        try Waiting.eventually(Self.patienceSeconds, "the undisturbed job did not end") {
            guard let job = cluster.describe("undisturbed") else { return false }
            if job.trainingJobStatus == "Failed" {
                throw LockstepError(.bug, "the undisturbed job failed: \(job.failureReason ?? "")")
            }
            guard job.trainingJobStatus == "Completed" else { return false }
            hash = try jobs.modelHash(job, kind, cluster)
            return true
        }
        guard let hash, !hash.isEmpty else { throw LockstepError(.bug, "the undisturbed job has no model") }
        return hash
    }

    private func disturb(_ cluster: ChaosCluster) throws -> [String] {
        var random = SeededRandom(seed)
        var told: [String] = []
        let begin = Date()
        while -begin.timeIntervalSinceNow < Self.disturbedSeconds {
            usleep(UInt32.random(in: 300_000...1_500_000, using: &random))
            if let job = cluster.describe("job"), job.trainingJobStatus != "InProgress" { break }
            guard let disturbance = disturbances.randomElement(using: &random) else { break }
            if let word = try disturbance.inflict(on: cluster, job: "job", &random) {
                told.append("\(disturbance.rawValue) (\(word))")
            }
        }
        // Whoever is missing comes back, so that the job can end.
        for name in ["coordinator", "keeper"] + ChaosCluster.workers { try cluster.start(name) }
        for name in ChaosCluster.workers { cluster.resume(name) }
        return told
    }
}
