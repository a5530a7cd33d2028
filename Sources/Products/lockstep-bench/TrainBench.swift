import ArgumentParser
import Diagnostics
import Foundation
import LinearAlgebra

/// Training throughput against scikit-learn, on the same records in the same minutes.
struct TrainBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Training throughput against scikit-learn.",
        discussion: """
            Records a second of linear-learner against SGDClassifier and SGDRegressor, and of kmeans \
            against MiniBatchKMeans, one epoch after another in turns, at 1 and 2 threads. The ratio is \
            ours over theirs. Without --python only ours is measured.
            """)

    @Option(help: "Python with scikit-learn.")
    var python: String?

    @Option(help: "Folder with Fashion-MNIST's IDX files (default: made-up records of the same shape).")
    var data: String?

    @Option(help: "Threads to measure at, divided by commas.")
    var threads = "1,2"

    @Option(help: "Numbers of logical shards to measure, divided by commas.")
    var shards = "32"

    @Option(help: "Records to use at most.")
    var records = 60_000

    @Option(help: "Repetitions, of which the median counts.")
    var repetitions = 5

    @Option(help: "text or json.")
    var output = "text"

    func run() throws {
        let kernels = LinearAlgebra.prepare()
        let set = try TrainBenchData.load(folder: data, limit: records)
        let threadCounts = try Self.numbers(threads, "--threads")
        let shardCounts = try Self.numbers(shards, "--shards")
        guard output == "text" || output == "json" else {
            throw LockstepError(.usage, "--output is '\(output)': it must be text or json")
        }
        let peer = try python.map { try TrainBenchPeer(python: $0, set: set, threads: threadCounts) }
        defer { peer?.stop() }
        var results: [TrainBenchResult] = []
        for workload in TrainBenchWorkload.all {
            for threads in threadCounts {
                results += try measure(workload, set, threads: threads, shardCounts, peer)
            }
        }
        let report = TrainBenchReport(
            coreType: kernels.coreType, data: set.name, records: set.recordCount, width: set.width,
            results: results)
        StandardStreams.output(output == "json" ? try report.json() : report.text)
    }

    private func measure(
        _ workload: TrainBenchWorkload, _ set: TrainBenchData, threads: Int, _ shardCounts: [Int],
        _ peer: TrainBenchPeer?
    ) throws -> [TrainBenchResult] {
        let runs = try shardCounts.map {
            try TrainBenchRun(workload, set, threads: threads, shards: $0)
        }
        var own = [[Double]](repeating: [], count: runs.count)
        var theirs: [Double] = []
        for _ in 0..<max(1, repetitions) {
            if let peer { theirs.append(try peer.secondsOfOneEpoch(workload.peer, threads: threads)) }
            for (index, run) in runs.enumerated() { own[index].append(try run.secondsOfOneEpoch()) }
        }
        return zip(shardCounts, own).map { shards, seconds in
            TrainBenchResult(
                workload: workload.name, threads: threads, shards: shards,
                recordsPerSecond: Double(set.recordCount) / Self.median(seconds),
                peer: theirs.isEmpty ? nil : workload.peer,
                peerRecordsPerSecond: theirs.isEmpty
                    ? nil : Double(set.recordCount) / Self.median(theirs))
        }
    }

    private static func numbers(_ text: String, _ option: String) throws -> [Int] {
        try text.split(separator: ",").map { part in
            guard let number = Int(part), (1...1024).contains(number) else {
                throw LockstepError(
                    .usage, "\(option) is '\(text)': it must be whole numbers from 1 to 1024 and commas")
            }
            return number
        }
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted[sorted.count / 2]
    }
}
