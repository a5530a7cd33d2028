import ArgumentParser
import Diagnostics
import Foundation

/// `lockstep-bench checkpoint`: what checkpoints cost the steps beside which they are written.
struct CheckpointBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Times training steps with checkpoints against the same steps without.",
        discussion: """
            Trains a softmax classifier (adam, so the state is three times the model) on made records, in \
            turn with and without checkpoints, and compares the time per step. Checkpoints are taken every \
            --interval seconds; the default of a job is 5.
            """)

    enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "Columns of features; the state has about 160 bytes for each.")
    var features = 2000
    @Option(help: "Made records.")
    var records = 4000
    @Option(help: "Records in a step.")
    var batch = 500
    @Option(help: "Seconds of steps in each measured run.")
    var seconds = 10.0
    @Option(help: "Seconds between checkpoints.")
    var interval = 5.0
    @Option(help: "Runs with and without checkpoints each.")
    var rounds = 3
    @Option(help: "Folder for the checkpoints; a temporary one by default.")
    var folder: String?
    @Option(help: "Form of the result: text or json.")
    var output = OutputFormat.text

    func validate() throws {
        guard features > 0, records >= batch, batch > 0, rounds > 0, seconds > 0, interval > 0 else {
            throw ValidationError("all numbers must be positive, and --records at least --batch")
        }
    }

    func run() throws {
        let result = try CheckpointMeasurement(self).run()
        switch output {
        case .text: StandardStreams.output(result.table())
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            StandardStreams.output(String(decoding: try encoder.encode(result), as: UTF8.self))
        }
    }
}

/// What the bench found; times are means of a step in milliseconds, one for each run in turn.
struct CheckpointResult: Encodable {
    var stateMegabytes = 0.0
    /// Of the runs with checkpoints.
    var steps = 0
    var checkpoints = 0
    var withoutMilliseconds: [Double] = []
    var withMilliseconds: [Double] = []
    /// Processor time of the training thread: what it pays itself, whatever else the machine does.
    var withoutProcessorMilliseconds: [Double] = []
    var withProcessorMilliseconds: [Double] = []
    /// How much longer a step takes with checkpoints, as a share: median of the pairs of runs.
    var stallShare = 0.0
    var processorStallShare = 0.0

    mutating func settle() {
        func median(_ with: [Double], _ without: [Double]) -> Double {
            let shares = zip(with, without).map { $0 / $1 - 1 }.sorted()
            return shares[shares.count / 2]
        }
        stallShare = median(withMilliseconds, withoutMilliseconds)
        processorStallShare = median(withProcessorMilliseconds, withoutProcessorMilliseconds)
    }

    func table() -> String {
        func row(_ title: String, _ values: [Double]) -> String {
            title.padding(toLength: 40, withPad: " ", startingAt: 0)
                + values.map { String(format: "%.4f", $0) }.joined(separator: "  ") + " ms"
        }
        let state = String(format: "%.2f", stateMegabytes)
        return [
            "state \(state) MB, \(checkpoints) checkpoints in \(steps) steps",
            row("step without checkpoints", withoutMilliseconds),
            row("step with checkpoints", withMilliseconds),
            row("training thread without checkpoints", withoutProcessorMilliseconds),
            row("training thread with checkpoints", withProcessorMilliseconds),
            "stall per step, median of the pairs:  "
                + String(format: "%+.2f %% of elapsed time, ", stallShare * 100)
                + String(format: "%+.2f %% of the training thread's", processorStallShare * 100),
        ].joined(separator: "\n")
    }
}
