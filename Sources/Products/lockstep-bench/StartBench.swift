import ArgumentParser
import Diagnostics
import Foundation

/// What a cluster adds to the start of a job.
struct StartBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Job start to first step, against bare mpirun.",
        discussion: """
            The time from CreateTrainingJob, through coordinator, worker and supervisor, to the first step \
            of lockstep-train, against the time from starting `mpirun lockstep-train` by hand to its first \
            step: the same job, in turns, medians. Also from the last step's end to the moment the \
            coordinator answers Completed.
            """)

    @Option(help: "Ranks of the job.")
    var ranks = 2

    @Option(help: "Repetitions, of which the median counts.")
    var repetitions = 7

    @Option(help: "text or json.")
    var output = "text"

    func validate() throws {
        guard ranks > 0, repetitions > 0 else {
            throw ValidationError("--ranks and --repetitions must be at least 1")
        }
        guard output == "text" || output == "json" else {
            throw ValidationError("--output is '\(output)': it must be text or json")
        }
    }

    func run() throws {
        let measured = try Waiting.run { [ranks, repetitions] in
            try await StartMeasurement.run(ranks: ranks, repetitions: repetitions)
        }
        let result = StartResult(ranks: ranks, measured)
        guard output == "text" else {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            return StandardStreams.output(String(decoding: try encoder.encode(result), as: UTF8.self))
        }
        StandardStreams.output(result.text)
    }
}

/// Medians in seconds, and the ratio that counts.
struct StartResult: Codable {
    var ranks: Int
    var repetitions: Int
    var clusterStartSeconds: Double
    var mpirunStartSeconds: Double
    /// Cluster over mpirun.
    var ratio: Double
    var completionNoticeSeconds: Double

    init(ranks: Int, _ runs: [StartMeasurement.Run]) {
        self.ranks = ranks
        repetitions = runs.count
        clusterStartSeconds = Self.median(runs.map(\.clusterStart))
        mpirunStartSeconds = Self.median(runs.map(\.mpirunStart))
        ratio = clusterStartSeconds / mpirunStartSeconds
        completionNoticeSeconds = Self.median(runs.map(\.completionNotice))
    }

    var text: String {
        """
        job start to first step, \(ranks) ranks, median of \(repetitions)
          through the cluster   \(Self.format(clusterStartSeconds)) s
          bare mpirun           \(Self.format(mpirunStartSeconds)) s
          ratio                 \(Self.format(ratio))
        model written to Completed: \(Self.format(completionNoticeSeconds)) s
        """
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    private static func format(_ value: Double) -> String { String(format: "%.3f", value) }
}
