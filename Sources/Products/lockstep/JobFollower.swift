import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import SageMakerShapes
import UnixSignals

/// Follows a job to its end: shows how it goes, then what became of it.
struct JobFollower {
    let name: String
    let client: APIClient
    let output: OutputFormat

    private static let pollInterval = Duration.milliseconds(250)
    /// How long a coordinator may be away, being started again, before following gives up.
    static let patience = Duration.seconds(300)
    /// Shell's status of a command ended by Ctrl-C.
    private static let interruptedStatus: Int32 = 130

    /// Exit statuses of a command that follows a job.
    enum Outcome {
        static let failed: Int32 = 1
        static let stopped: Int32 = 2
    }

    /// Follows, prints the result and throws an `ExitCode` unless the job completed.
    func followAndReport() async throws {
        let description = try await follow()
        switch output {
        case .json: try OutputFormat.printJSON(try await client.describeTrainingJobJSON(name))
        case .text: JobResult(description).lines.forEach { StandardStreams.output($0) }
        }
        switch description.trainingJobStatus {
        case "Failed":
            let reason = description.failureReason ?? "no reason is known"
            StandardStreams.error("lockstep: the job \(name) failed: \(reason)")
            throw ExitCode(Outcome.failed)
        case "Stopped":
            throw ExitCode(Outcome.stopped)
        default: break
        }
    }

    /// - Returns: the job when it is Completed, Failed or Stopped.
    func follow() async throws -> TrainingJobDescription {
        var display = ProgressDisplay(style: output == .json ? .errorStream : .automatic)
        let signals = await UnixSignalsSequence(trapping: .sigint)
        let interruption = Task {
            for await _ in signals {
                StandardStreams.error(
                    "\nlockstep: the job goes on; `lockstep jobs wait \(name)` follows it again, "
                        + "`lockstep jobs stop \(name)` ends it")
                Self.exitInterrupted()
            }
        }
        defer { interruption.cancel() }
        let clock = ContinuousClock()
        var lastAnswer = clock.now
        while true {
            do {
                let description = try await client.describeTrainingJob(name)
                lastAnswer = clock.now
                if description.isTerminal {
                    display.finish()
                    return description
                }
                display.show(description, at: clock.now)
            } catch let error as LockstepError where error.code == .network || error.code == .io {
                guard lastAnswer.duration(to: clock.now) < Self.patience else { throw error }
                display.showAbsence(of: client.endpoint.url)
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private static func exitInterrupted() -> Never {
        Lockstep.exit(withError: ExitCode(interruptedStatus))
    }
}
