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

/// What the bench found; times in milliseconds.
struct CheckpointResult: Encodable {
    var stateMegabytes: Double
    var steps: Int
    var checkpoints: Int
    /// Mean time of a step, of each run in turn.
    var withoutMilliseconds: [Double]
    var withMilliseconds: [Double]
    /// How much longer a step takes with checkpoints, as a share: median of the pairs of runs.
    var stallShare: Double

    func table() -> String {
        func text(_ value: Double) -> String { String(format: "%.4f", value) }
        return """
            state                     \(String(format: "%.2f", stateMegabytes)) MB, \(checkpoints) checkpoints in \
            \(steps) steps
            step without checkpoints  \(withoutMilliseconds.map(text).joined(separator: "  ")) ms
            step with checkpoints     \(withMilliseconds.map(text).joined(separator: "  ")) ms
            stall per step            \(String(format: "%+.2f", stallShare * 100)) % (median of the pairs)
            """
    }
}
