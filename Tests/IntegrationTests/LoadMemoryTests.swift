import Foundation
import Testing

/// A rank's peak memory stays within 1.2 times the matrix of its own shards, and a constant.
@Suite(.serialized) struct LoadMemoryTests {
    /// The features of one rank's shards as they lie in memory: 4 bytes a value where they are dense, 8 an
    /// entry (value and column) where they are sparse.
    struct Load: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let format: String
        let contentType: String
        let bytesAValue: Int
    }

    static let loads = [
        Load(testDescription: "CSV", format: "csv", contentType: "text/csv;label_size=1", bytesAValue: 4),
        Load(testDescription: "libsvm", format: "libsvm", contentType: "text/libsvm", bytesAValue: 8),
        Load(
            testDescription: "RecordIO", format: "recordio",
            contentType: "application/x-recordio-protobuf", bytesAValue: 4),
    ]

    private static let features = 128
    private static let blockRows = 1000
    private static let ranks = 2
    /// The share of each rank is 210 MB: 2 × 51.2 million floats.
    private static let matrixBytes = 420_000_000
    /// What buffers and threads may take beside the matrix, whatever its size.
    private static let constantBytes = 48_000_000

    @Test(arguments: loads) func `a rank holds its shards and little else`(_ load: Load) throws {
        try withTemporaryFolder { folder in
            let small = try Self.peaks(load, blocks: 1, in: folder)
            let blocks = Self.matrixBytes / (Self.features * Self.blockRows * load.bytesAValue)
            let large = try Self.peaks(load, blocks: blocks, in: folder)
            try #require(small.count == Self.ranks && large.count == Self.ranks, "\(small) \(large)")
            let share = blocks * Self.blockRows * Self.features * load.bytesAValue / Self.ranks
            for (before, peak) in zip(small.sorted(), large.sorted()) {
                let ratio = Double(peak - before) / Double(share)
                print(
                    "load memory, \(load): share \(share / 1_000_000) MB, peak \(peak / 1_000_000) MB, "
                        + "of that without data \(before / 1_000_000) MB, ratio \(ratio)")
                #expect(peak - before <= share * 12 / 10 + Self.constantBytes)
            }
        }
    }

    /// Peak resident bytes of each rank of a job over `blocks` blocks of rows.
    private static func peaks(_ load: Load, blocks: Int, in folder: URL) throws -> [Int] {
        let folder = folder.appendingPathComponent("\(load.format)-\(blocks)")
        let data = folder.appendingPathComponent("data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        try write(load, blocks: blocks, to: data, in: folder)
        var job = SampleJob.linearLearner(.dense, name: "memory")
        job.hyperparameters["epochs"] = "1"
        job.hyperparameters["mini_batch_size"] = blocks == 1 ? "100" : "20000"
        var request = job.request(data: data.path, output: folder.appendingPathComponent("output").path)
        var channels = request["InputDataConfig"] as? [[String: Any]] ?? []
        channels[0]["ContentType"] = load.contentType
        request["InputDataConfig"] = channels
        let file = folder.appendingPathComponent("memory.json")
        try JSONSerialization.data(withJSONObject: request).write(to: file)
        let run = try Program.start(
            "mpirun", ["-n", "\(ranks)", "--bind-to", "none", Program.path("lockstep-train"), file.path],
            in: folder)
        var peaks: [Int32: Int] = [:]
        let end = Date(timeIntervalSinceNow: 240)
        while run.process.isRunning, Date() < end {
            for pid in children(of: run.process.processIdentifier) {
                if let peak = peak(pid) { peaks[pid] = peak }
            }
            usleep(5_000)
        }
        let outcome = run.wait(seconds: 1)
        try #require(outcome.status == 0, "\(outcome.error)")
        return Array(peaks.values)
    }

    private static func children(of pid: Int32) -> [Int32] {
        let path = "/proc/\(pid)/task/\(pid)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// The most memory that a rank has had so far.
    private static func peak(_ pid: Int32) -> Int? {
        let name = try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)
        guard name == "lockstep-train\n" else { return nil }
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.split(whereSeparator: \.isWhitespace)[1]) }.map { $0 << 10 }
    }

    /// The same block of rows again and again, in four files.
    private static func write(_ load: Load, blocks: Int, to data: URL, in folder: URL) throws {
        let block = folder.appendingPathComponent("block.csv")
        let lines = (0..<blockRows).map { row in
            "\(row % 2)," + (0..<features).map { "\(($0 * 7 + row * 13) % 9 + 1)" }.joined(separator: ",")
        }
        try (lines.joined(separator: "\n") + "\n").write(to: block, atomically: true, encoding: .utf8)
        var source = block
        if load.format != "csv" {
            source = folder.appendingPathComponent("block.\(load.format)")
            let converted = try Program.run(
                "lockstep",
                ["data", "convert", block.path, source.path, "--from", "csv", "--to", load.format],
                in: folder)
            try #require(converted.status == 0, "\(converted.error)")
        }
        let bytes = try Data(contentsOf: source)
        for file in 0..<min(4, blocks) {
            let path = data.appendingPathComponent("part-\(file)").path
            try Data().write(to: URL(fileURLWithPath: path))
            let handle = try #require(FileHandle(forWritingAtPath: path))
            for number in 0..<blocks where number % 4 == file { try handle.write(contentsOf: bytes) }
            try handle.close()
        }
    }
}
