import APIClient
import ArgumentParser
import Diagnostics
import Foundation
import Glibc
import SageMakerShapes

/// Many small jobs on one cluster: what they leave in memory, descriptors and on disk.
struct SoakBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Runs many small jobs and measures what the cluster keeps of them.",
        discussion: """
            A coordinator and four workers train small jobs, as many at a time as there are slots: kmeans, \
            and every tenth a script. After every tenth part it prints the memory (resident, all daemons), \
            open descriptors, what stands in shared memory and in the scratch folders, and the disk that \
            coordinator and workers take. At the end it says the disk of a job (job store, coordinator's \
            other files, workers' folders, the job's own output), has the cluster forget all jobs, and says \
            the same again. It fails when a job fails, when equal jobs have unequal models, when anything is \
            left in shared memory or in scratch folders, or when a worker keeps a folder of a forgotten job.
            """)

    @Option(help: "Number of jobs.")
    var jobs = 1000
    @Option(help: "Slots of each of the four workers.")
    var slots = 2

    func validate() throws {
        guard jobs >= 10 else { throw ValidationError("--jobs is \(jobs): it must be at least 10") }
        guard (1...64).contains(slots) else {
            throw ValidationError("--slots is \(slots): it must be from 1 to 64")
        }
    }

    func run() throws {
        let folder = "/var/tmp/lockstep-soak-\(getpid())"
        let cluster = try ChaosCluster(folder: folder, slots: slots)
        defer {
            cluster.end()
            try? FileManager.default.removeItem(atPath: folder)
        }
        let made = try ChaosJobs(folder: folder)
        try cluster.startAll()
        var hashes: [ChaosKind: Set<String>] = [:]
        let (first, begin) = (SoakSample(cluster, jobs: 0), Date())
        StandardStreams.output(SoakSample.header + "\n" + first.row)
        var last = first
        for part in 0..<10 {
            let numbers = jobs * part / 10..<jobs * (part + 1) / 10
            for (kind, hash) in try train(numbers, made, cluster) { hashes[kind, default: []].insert(hash) }
            last = SoakSample(cluster, jobs: numbers.upperBound)
            StandardStreams.output(last.row)
        }
        let seconds = -begin.timeIntervalSinceNow
        for (kind, found) in hashes where found.count != 1 {
            throw LockstepError(.mismatch, "equal \(kind.rawValue) jobs have \(found.count) models")
        }
        guard last.sharedMemory <= first.sharedMemory, last.scratch <= first.scratch else {
            throw LockstepError(.mismatch, "something is left in shared memory or in scratch folders")
        }
        StandardStreams.output(String(format: "%.1f jobs a second", Double(jobs) / seconds))
        StandardStreams.output("disk of a job: " + (last.disk - first.disk).sentence(of: jobs))
        try forget(cluster)
        let after = SoakSample(cluster, jobs: jobs)
        StandardStreams.output("once forgotten: " + (after.disk - first.disk).sentence(of: jobs))
    }

    /// Trains some jobs, at most as many at a time as there are slots, and returns their models.
    private func train(
        _ numbers: Range<Int>, _ made: ChaosJobs, _ cluster: ChaosCluster
    ) throws -> [(ChaosKind, String)] {
        var models: [(ChaosKind, String)] = []
        var running: [(name: String, kind: ChaosKind)] = []
        func settle(leaving count: Int) throws {
            try Waiting.eventually(120, "\(running.map(\.name)) did not end") {
                let names = running.map(\.name)
                let told = try cluster.withClient { client in
                    var told: [String: TrainingJobDescription] = [:]
                    for name in names { told[name] = try await client.describeTrainingJob(name) }
                    return told
                }
                try running.removeAll { name, kind in
                    guard let job = told[name], job.trainingJobStatus != "InProgress" else { return false }
                    guard job.trainingJobStatus == "Completed",
                        let hash = try made.modelHash(job, kind, cluster)
                    else { throw LockstepError(.bug, "\(name) failed: \(job.failureReason ?? "no model")") }
                    models.append((kind, hash))
                    return true
                }
                return running.count <= count
            }
        }
        for number in numbers {
            let kind: ChaosKind = number % 10 == 9 ? .script : .kmeans
            try made.submitSmall("soak-\(number)", kind, to: cluster)
            running.append(("soak-\(number)", kind))
            // One more than there are slots, so that none waits for a question.
            try settle(leaving: ChaosCluster.workers.count * slots)
        }
        try settle(leaving: 0)
        return models
    }

    /// Has the cluster forget all jobs, and waits until the workers have removed what they had of them.
    private func forget(_ cluster: ChaosCluster) throws {
        let request = CollectGarbageRequest(keepJobs: 0)
        let forgotten = try cluster.withClient { try await $0.collectGarbage(request) }.jobs
        guard forgotten.count == jobs else {
            throw LockstepError(.mismatch, "\(forgotten.count) of \(jobs) jobs were forgotten")
        }
        try Waiting.eventually(60, "a worker keeps folders of jobs that are forgotten") {
            ChaosCluster.workers.allSatisfy { worker in
                let folder = "\(cluster.folder)/\(worker)/attempts"
                return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? true
            }
        }
    }
}
