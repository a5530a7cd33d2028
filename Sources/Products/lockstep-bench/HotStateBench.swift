import ArgumentParser
import CommandLineEntry
import Diagnostics
import Foundation
import MPICollectives

/// `lockstep-bench hot-state`: what hot states, or a state keeper, cost the steps.
struct HotStateBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hot-state",
        abstract: "Times training steps with hot states, or with a state keeper, against the same without.",
        discussion: """
            The step computes for --milliseconds, divided among the ranks, and then changes a state of \
            --megabytes, as an algorithm would; the ratio is of interleaved runs. Under mpirun the ranks \
            share one folder, so one of them holds. With --keeper, rank 0 owns no data in the runs with \
            it: what a keeper beside N workers costs is the time with it under mpirun -n N+1, against the \
            time without under -n N.
            """)

    @Option(help: "Sizes of the state, in megabytes.")
    var megabytes: [Double] = [1, 16, 100]
    @Option(help: "Time that a step computes, in milliseconds.")
    var milliseconds = 100.0
    @Option(help: "Steps in each measured run.")
    var steps = 20
    @Option(help: "Runs with and without each.")
    var rounds = 5
    @Option(help: "Folder in shared memory.")
    var folder = "/dev/shm"
    @Flag(help: "Measure the state keeper instead.")
    var keeper = false
    @Option(help: "Form of the result: text or json.")
    var output = OutputFormat.text

    func validate() throws {
        guard milliseconds > 0, steps > 1, rounds > 0, megabytes.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("all numbers must be positive, and --steps at least 2")
        }
    }

    func run() throws {
        let results = MPIWorld.run { world in
            let measurement = HotStateMeasurement(self, world)
            return try megabytes.map { try measurement.run(megabytes: $0) }
        }
        guard results.allSatisfy(\.isSpeaker) else { return }
        switch output {
        case .json: try OutputFormat.printJSON(results)
        case .text: for result in results { StandardStreams.output(result.line) }
        }
    }
}

/// Medians of step times in milliseconds, for one size of state.
struct HotStateResult: Encodable {
    var ranks: Int
    var isSpeaker: Bool
    /// `hot state` or `keeper`.
    var subject: String
    var stateMegabytes: Double
    /// Median step of each run, in turn.
    var withoutMilliseconds: [Double]
    var withMilliseconds: [Double]
    /// Median of the pairs' ratios.
    var ratio: Double

    var line: String {
        func text(_ values: [Double]) -> String {
            values.map { String(format: "%.2f", $0) }.joined(separator: " ")
        }
        let size = String(format: "%.0f", stateMegabytes)
        return "\(ranks) ranks, state \(size) MB: without \(text(withoutMilliseconds)) ms, with \(subject) "
            + "\(text(withMilliseconds)) ms, ratio \(String(format: "%.4f", ratio))"
    }
}
