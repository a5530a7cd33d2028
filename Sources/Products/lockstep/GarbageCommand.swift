import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import ProgramContract
import SageMakerShapes
import Storage

struct GarbageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Forgets old jobs that are over, and removes the folders of their attempts.",
        discussion: """
            The coordinator forgets what it stores of a job: description, attempts, logs. On this machine \
            the attempts' folders of the workers of `lockstep up` go too; workers of other nodes keep to \
            their own --keep-days and --keep-attempts. Jobs that are not over, models, outputs and \
            checkpoints are never touched. Without a number, what the coordinator was started with counts.

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
        var attempts: Int
        var attemptBytes: Int
        enum CodingKeys: String, CodingKey {
            case jobs = "Jobs"
            case attempts = "Attempts"
            case attemptBytes = "AttemptBytes"
        }
    }

    func run() async throws {
        let request = CollectGarbageRequest(keepDays: keepDays, keepJobs: keepJobs, dryRun: dryRun)
        let jobs = try await cluster.withClient { try await $0.collectGarbage(request) }.jobs
        let (attempts, bytes) = collectAttempts()
        switch cluster.output {
        case .json: try OutputFormat.printJSON(Answer(jobs: jobs, attempts: attempts, attemptBytes: bytes))
        case .text:
            for job in jobs { StandardStreams.output("\(job.trainingJobName)  \(job.bytes) bytes") }
            let sum = jobs.reduce(0) { $0 + $1.bytes }
            let verb = dryRun ? "would be" : "were"
            StandardStreams.output(
                "\(jobs.count) jobs (\(sum) bytes in the job store) and \(attempts) folders of attempts "
                    + "(\(bytes) bytes) \(verb) removed")
        }
    }

    /// Those of the local cluster's workers; of another cluster's nothing is here.
    private func collectAttempts() -> (count: Int, bytes: Int) {
        let isLocal =
            cluster.endpoint == nil && ProcessInfo.processInfo.environment["LOCKSTEP_ENDPOINT"] == nil
        guard isLocal, let folder = try? ClusterFolder(nil).path else { return (0, 0) }
        let retention = AttemptRetention(
            keepDays: keepDays.map(Double.init) ?? AttemptRetention().keepDays,
            keepAttempts: keepJobs ?? AttemptRetention().keepAttempts)
        let now = Date().timeIntervalSince1970
        var (count, bytes) = (0, 0)
        for worker in (try? FileSystem.names(in: folder)) ?? [] {
            let attempts = "\(folder)/\(worker)/attempts"
            let expired = retention.expired(in: attempts, at: now)
            if dryRun {
                count += expired.count
                bytes += expired.reduce(0) { $0 + AttemptRetention.bytes(below: $1) }
            } else {
                let removed = retention.apply(in: attempts, at: now)
                (count, bytes) = (count + removed.count, bytes + removed.bytes)
            }
        }
        return (count, bytes)
    }
}
