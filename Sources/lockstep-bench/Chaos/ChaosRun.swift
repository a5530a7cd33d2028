import APIClient
import Diagnostics
import Foundation
import Glibc
import SageMakerShapes

/// One job from its submission to its end, and what happened to it on the way.
struct ChaosRun {
    let seed: UInt64
    let algorithm: String
    let delayMilliseconds: Int
    let kinds: [Disturbance]

    /// A job that has not ended by then has failed the run.
    static let patienceSeconds = 300.0
    /// After so long the job is left in peace.
    static let disturbedSeconds = 30.0

    func run() throws -> ChaosResult {
        let folder = NSTemporaryDirectory() + "lockstep-chaos-\(getpid())-\(seed)"
        let cluster = try ChaosCluster(folder: folder)
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
        try jobs.submit("job", algorithm: algorithm, delayMilliseconds: delayMilliseconds, to: cluster)
        let disturbances = try disturb(cluster)
        var status = "InProgress"
        try Waiting.eventually(Self.patienceSeconds, "the job of seed \(seed) did not end") {
            guard let job = cluster.describe("job") else { return false }
            status = job.trainingJobStatus
            return ["Completed", "Failed", "Stopped"].contains(status)
        }
        let job = cluster.describe("job")
        let isEqual = status == "Completed" && job?.modelHash == reference
        let reason = job?.failureReason.map { ": \($0)" } ?? ""
        return ChaosResult(
            seed: seed, algorithm: algorithm, disturbances: disturbances, attempts: job?.attempts?.count ?? 0,
            recovery: ChaosRecovery(try cluster.events("job")), seconds: -begin.timeIntervalSinceNow,
            isEqual: isEqual,
            verdict: isEqual ? "equal" : "\(status), \(job?.modelHash ?? "no model")\(reason)")
    }

    private func undisturbed(_ jobs: ChaosJobs, _ cluster: ChaosCluster) throws -> String {
        try jobs.submit("undisturbed", algorithm: algorithm, delayMilliseconds: 0, to: cluster)
        var hash: String?
        try Waiting.eventually(60, "the undisturbed job did not end") {
            guard let job = cluster.describe("undisturbed") else { return false }
            if job.trainingJobStatus == "Failed" {
                throw LockstepError(.bug, "the undisturbed job failed: \(job.failureReason ?? "")")
            }
            hash = job.modelHash
            return job.trainingJobStatus == "Completed"
        }
        return hash ?? "none"
    }

    private func disturb(_ cluster: ChaosCluster) throws -> [String] {
        var random = SeededRandom(seed)
        var told: [String] = []
        let begin = Date()
        while -begin.timeIntervalSinceNow < Self.disturbedSeconds {
            usleep(UInt32.random(in: 300_000...1_500_000, using: &random))
            if let job = cluster.describe("job"), job.trainingJobStatus != "InProgress" { break }
            guard let kind = kinds.randomElement(using: &random) else { break }
            if let word = try kind.inflict(on: cluster, job: "job", &random) {
                told.append("\(kind.rawValue) (\(word))")
            }
        }
        // Whoever is missing comes back, so that the job can end.
        for name in ["coordinator", "keeper"] + ChaosCluster.workers { try cluster.start(name) }
        for name in ChaosCluster.workers { cluster.resume(name) }
        return told
    }
}
