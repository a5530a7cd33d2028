import Diagnostics
import Foundation

/// scikit-learn in a process of its own: answers "NAME THREADS" with the seconds of one epoch.
final class TrainBenchPeer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let dataFile: String

    init(python: String, set: TrainBenchData, threads: [Int]) throws {
        dataFile = NSTemporaryDirectory() + "/lockstep-bench-\(UUID().uuidString).bin"
        let bytes = set.values.withUnsafeBytes { Data($0) } + set.classes.withUnsafeBytes { Data($0) }
        try bytes.write(to: URL(fileURLWithPath: dataFile))
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", Self.program, dataFile, String(set.width), String(set.recordCount)]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard try line() == "ready" else {
            throw LockstepError(
                .usage, "\(python) cannot import numpy, scikit-learn and threadpoolctl: see its message above"
            )
        }
    }

    /// Seconds of one epoch of the peer called `name`, after a warm-up the first time.
    func secondsOfOneEpoch(_ name: String, threads: Int) throws -> Double {
        try input.fileHandleForWriting.write(contentsOf: Data("\(name)|\(threads)\n".utf8))
        let answer = try line()
        guard let seconds = Double(answer) else {
            throw LockstepError(.bug, "the Python side answered '\(answer)' where seconds belong")
        }
        return seconds
    }

    func stop() {
        input.fileHandleForWriting.closeFile()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: dataFile)
    }

    private func line() throws -> String {
        var bytes: [UInt8] = []
        while let next = try output.fileHandleForReading.read(upToCount: 1)?.first {
            if next == UInt8(ascii: "\n") { break }
            bytes.append(next)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// One epoch of partial_fit over the records, in shuffled order as SGD wants it, features scaled
    /// before the clock starts; float32 as ours. SGD takes one record at a time; n_jobs divides classes.
    private static let program = """
        import sys, time
        import numpy as np
        from threadpoolctl import threadpool_limits
        from sklearn.linear_model import SGDClassifier, SGDRegressor
        from sklearn.cluster import MiniBatchKMeans
        path, width, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        raw = np.fromfile(path, dtype=np.float32)
        x, y = raw[: width * count].reshape(count, width), raw[width * count :]
        deviation = x.std(axis=0)
        scaled = ((x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
        models = {}
        def epoch(name, threads):
            key = (name, threads)
            if name == "MiniBatchKMeans":
                model = models.setdefault(key, MiniBatchKMeans(10, batch_size=5000, n_init=1, random_state=0))
                for start in range(0, count, 5000):
                    model.partial_fit(x[start : start + 5000])
            elif name == "SGDRegressor":
                models.setdefault(key, SGDRegressor(eta0=1e-4)).partial_fit(scaled, y)
            else:
                labels = y if name.endswith("multiclass") else (y >= 5).astype(np.float32)
                model = models.setdefault(key, SGDClassifier(loss="log_loss", n_jobs=threads))
                model.partial_fit(scaled, labels, classes=np.unique(labels))
        sys.stdout.write("ready\\n"); sys.stdout.flush()
        for line in sys.stdin:
            name, threads = line.strip().split("|")
            with threadpool_limits(int(threads)):
                if (name, int(threads)) not in models:
                    epoch(name, int(threads))
                start = time.perf_counter()
                epoch(name, int(threads))
                sys.stdout.write(f"{time.perf_counter() - start}\\n"); sys.stdout.flush()
        """
}
