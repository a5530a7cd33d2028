import ArgumentParser
import Collectives
import Datasets
import Diagnostics
import Foundation
import Tensors

/// `lockstep-bench csv`: how fast CSV becomes a float matrix, beside pandas.
struct CSVBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "csv",
        abstract: "Times CSV reading against pandas.",
        discussion: """
            Both read the same files into 32-bit floats, in turn, on one core, from the page cache; \
            the table holds medians. Lockstep's time holds both of its passes: the index and the load. \
            Memory is the peak while the records of 16 logical shards are loaded and kept, over the size \
            of their matrix.

            Set LOCKSTEP_DATA to the folder of data sets to have Fashion-MNIST read too.
            """)

    enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "A Python that has pandas, such as venv/bin/python.")
    var python = "python3"
    @Option(help: "Size of each generated file in MiB.")
    var megabytes = 64
    @Option(help: "Times that each file is read by each reader.")
    var repetitions = 5
    @Option(help: "Format of the result: text or json.")
    var output = OutputFormat.text
    @Option(help: ArgumentHelp("Print the peak memory of loading this file.", visibility: .private))
    var memoryOf: String?

    func validate() throws {
        guard megabytes > 0, repetitions > 0 else {
            throw ValidationError("--megabytes and --repetitions must be positive")
        }
    }

    func run() throws {
        if let memoryOf {
            let bytes = try PeakMemory.during { try Self.readShards(memoryOf) }
            return StandardStreams.output("\(bytes)")
        }
        let folder = FileManager.default.temporaryDirectory.path + "/lockstep-csv-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pandas = PandasReader(python: python)
        var result = CSVBenchResult(pandas: pandas.state, repetitions: repetitions, rows: [])
        for file in try CSVBenchFile.all(folder: folder, byteCount: megabytes << 20) {
            result.rows.append(try measure(file, pandas))
            try FileManager.default.removeItem(atPath: file.path)
        }
        StandardStreams.output(output == .json ? try result.json() : result.table())
    }

    private func measure(_ file: CSVBenchFile, _ pandas: PandasReader) throws -> CSVBenchResult.Row {
        var own: [Double] = []
        var others: [Double] = []
        var shape = (rows: 0, columns: 0)
        // The first round warms the page cache and is not counted.
        for round in 0...repetitions {
            let start = ContinuousClock.now
            let records = try Self.read(file.path)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            shape = (records.count, records.features.columns)
            let other = try pandas.read(file.path)
            if let other, other.rows != shape.rows || other.columns != shape.columns {
                throw LockstepError(
                    .mismatch,
                    "pandas reads \(other.rows) × \(other.columns) from \(file.name), "
                        + "Lockstep \(shape.rows) × \(shape.columns)")
            }
            guard round > 0 else { continue }
            own.append(seconds)
            if let other { others.append(other.seconds) }
        }
        let memory = try PeakMemory.ofChild(["csv", "--memory-of", file.path])
        return CSVBenchResult.Row(
            file: file.name, bytes: file.byteCount, rows: shape.rows, columns: shape.columns,
            seconds: Self.median(own), pandasSeconds: others.isEmpty ? nil : Self.median(others),
            memoryRatio: Double(memory) / Double(shape.rows * shape.columns * 4))
    }

    private static func open(_ path: String) throws -> DataChannel {
        try DataChannel.open(
            ChannelSource(
                name: "bench", path: path, contentType: "text/csv;label_size=0;header=absent",
                defaultLabelCount: 0), communicator: SoloCommunicator())
    }

    private static func read(_ path: String) throws -> Records {
        let channel = try open(path)
        return try channel.load(0..<channel.recordCount)
    }

    private static func readShards(_ path: String) throws -> [Records] {
        let channel = try open(path)
        return try (0..<16).map { try channel.load(channel.range(ofShard: $0, of: 16)) }
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
