import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import SageMakerShapes
import Storage

struct GarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Forgets old jobs that are over, and removes the folders of their attempts.",
        discussion: """
            The coordinator forgets what it stores of a job (description, attempts, logs), and the workers \
            remove the folders of its attempts. Jobs that are not over, models, outputs and checkpoints are \
            never touched, so a job submitted anew under the same name goes on from them. Without a number, \
            what the coordinator was started with counts.

            Example:
              lockstep gc --keep-days 30 --dry-run
            """)

    @OptionGroup var cluster: ClusterOptions
    @Option(help: "Keep jobs for so many days after their end.")
    var keepDays: Int?
    @Option(help: "Keep so many of the newest jobs that are over.")
    var keepJobs: Int?
    @Flag(help: "Say what would go, and keep it.")
    var dryRun = false

    func validate() throws {
        for (name, value) in [("--keep-days", keepDays), ("--keep-jobs", keepJobs)] where value ?? 0 < 0 {
            throw ValidationError("\(name) is \(value ?? 0): it must be 0 or more")
        }
    }

    private struct Answer: Encodable {
        var jobs: [CollectGarbageResponse.Job]
        var attemptBytes: Int
        enum CodingKeys: String, CodingKey {
            case jobs = "Jobs"
            case attemptBytes = "AttemptBytes"
        }
    }

    func run() async throws {
        var request = CollectGarbageRequest(keepDays: keepDays, keepJobs: keepJobs, dryRun: true)
        let planned = try await cluster.withClient { [request] in try await $0.collectGarbage(request) }.jobs
        let bytes = planned.map { self.attemptBytes(of: $0.trainingJobName) }
        var sizes = Dictionary(uniqueKeysWithValues: zip(planned.map(\.trainingJobName), bytes))
        var jobs = planned
        if !dryRun {
            request.dryRun = false
            jobs = try await cluster.withClient { [request] in try await $0.collectGarbage(request) }.jobs
            sizes = sizes.filter { name, _ in jobs.contains { $0.trainingJobName == name } }
        }
        let folderBytes = sizes.values.reduce(0, +)
        switch cluster.output {
        case .json: try OutputFormat.printJSON(Answer(jobs: jobs, attemptBytes: folderBytes))
        case .text:
            for job in jobs {
                StandardStreams.output(
                    "\(job.trainingJobName)  \(job.bytes + (sizes[job.trainingJobName] ?? 0)) bytes")
            }
            let sum = jobs.reduce(0) { $0 + $1.bytes }
            StandardStreams.output(
                "\(jobs.count) jobs \(dryRun ? "would be" : "were") forgotten: "
                    + "\(sum) bytes in the job store, \(folderBytes) bytes in folders of attempts"
                    + (isLocal ? "" : " on this machine"))
        }
    }

    private var isLocal: Bool { cluster.knownEndpoint == nil }

    /// What a job's attempts take in the folders of the local cluster's workers.
    private func attemptBytes(of job: String) -> Int {
        guard isLocal, let folder = try? ClusterFolder(nil).path else { return 0 }
        let workers = (try? FileSystem.names(in: folder)) ?? []
        return workers.reduce(0) { $0 + FileSystem.bytes(below: "\(folder)/\($1)/attempts/\(job)") }
    }
}
