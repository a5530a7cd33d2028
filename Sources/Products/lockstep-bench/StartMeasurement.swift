import ClusterTypes
import ControlChannel
import CoordinatorService
import Diagnostics
import Foundation
import Glibc
import JobLifecycle
import JobSpecs
import Logging
import Processes
import StorageLocations

/// One coordinator, one worker, and the same small job again and again.
struct StartMeasurement {
    struct Run: Sendable {
        var clusterStart: Double
        var mpirunStart: Double
        var completionNotice: Double
    }

    private let folder: String
    private let programs: String
    private let ranks: Int
    private let coordinator: Coordinator

    static func run(ranks: Int, repetitions: Int) async throws -> [Run] {
        let folder = NSTemporaryDirectory() + "lockstep-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try ControlToken.random().write(toFile: folder + "/token", atomically: true, encoding: .utf8)
        chmod(folder + "/token", 0o600)
        var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let coordinator = try Coordinator(
            CoordinatorConfiguration(
                dataFolder: folder + "/coordinator", host: "127.0.0.1", port: 0,
                tokenFile: folder + "/token"),
            logger: logger)
        let server = try await CoordinatorServer(coordinator)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let measurement = StartMeasurement(
            folder: folder, programs: URL(fileURLWithPath: own).deletingLastPathComponent().path,
            ranks: ranks, coordinator: coordinator)
        try measurement.writeData()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let worker = try measurement.startWorker(port: server.port)
            defer {
                kill(worker, SIGTERM)
                waitpid(worker, nil, 0)
                group.cancelAll()
            }
            var runs: [Run] = []
            // The first of each fills the caches and does not count.
            for index in 0...repetitions {
                let peer = try measurement.timeMpirun(index)
                let (start, notice) = try await measurement.timeCluster(index)
                if index > 0 {
                    runs.append(Run(clusterStart: start, mpirunStart: peer, completionNotice: notice))
                }
            }
            return runs
        }
    }

    private func writeData() throws {
        let rows = (0..<2000).map { row in
            (0..<9).map { "\((row * 31 + $0 * 17) % 97)" }.joined(separator: ",")
        }
        try (rows.joined(separator: "\n") + "\n").write(
            toFile: folder + "/train.csv", atomically: true, encoding: .utf8)
    }

    private func job(_ name: String) throws -> JobSpec {
        JobSpec(
            name: JobName(name), work: JobSpec.Work(algorithm: "linear-learner"),
            hyperparameters: ["predictor_type": "regressor", "epochs": "1"],
            channels: [
                JobSpec.Channel(
                    "train", location: StorageLocation(path: folder + "/train.csv"),
                    contentType: "text/csv;label_size=1")
            ],
            locations: JobSpec.Locations(output: StorageLocation(path: folder + "/output")),
            resources: JobSpec.Resources(ranks: ranks),
            policy: JobSpec.Policy(maximumRestarts: 0, maxRuntimeSeconds: 600))
    }

    private func startWorker(port: Int) throws -> Int32 {
        try spawn(
            [
                programs + "/lockstepd", "worker", "--coordinator", "127.0.0.1:\(port)", "--name", "w",
                "--slots", "\(ranks)", "--data-dir", folder + "/worker", "--token-file", folder + "/token",
                "--run-as", "root",
            ], ProcessInfo.processInfo.environment)
    }

    /// Seconds from the start of `mpirun` to the first step.
    private func timeMpirun(_ index: Int) throws -> Double {
        let attempt = "\(folder)/by-hand-\(index)"
        try FileManager.default.createDirectory(atPath: attempt, withIntermediateDirectories: true)
        try Data(job("by-hand-\(index)").encoded()).write(to: URL(fileURLWithPath: attempt + "/job.json"))
        var environment = ProcessInfo.processInfo.environment
        environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
        environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
        environment["OPENBLAS_NUM_THREADS"] = "1"
        let start = Date().timeIntervalSince1970
        let pid = try spawn(
            [
                "mpirun", "-n", "\(ranks)", "--bind-to", "none", "--oversubscribe",
                programs + "/lockstep-train", attempt + "/job.json", "--attempt-dir", attempt,
            ], environment)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        guard status == 0 else {
            throw LockstepError(.bug, "mpirun lockstep-train ended with status \(status)")
        }
        return try time(of: .training, in: attempt) - start
    }

    /// Seconds from CreateTrainingJob to the first step, and from the model to the status Completed.
    private func timeCluster(_ index: Int) async throws -> (start: Double, notice: Double) {
        let name = JobName("through-\(index)")
        // Until the worker has come, nothing would be measured but its start.
        while try await coordinator.workers().first?.state != .ready {
            try await Task.sleep(for: .milliseconds(10))
        }
        let start = Date().timeIntervalSince1970
        _ = try await coordinator.createJob(
            try JobDraft(job(name.rawValue), requestJSON: "{}"), invocationID: nil)
        var record = try await coordinator.job(name)
        while !record.status.isTerminal {
            try await Task.sleep(for: .milliseconds(2))
            record = try await coordinator.job(name)
        }
        let end = Date().timeIntervalSince1970
        guard record.status == .completed else {
            throw LockstepError(.bug, "the job failed: \(record.failureReason ?? "no reason")")
        }
        let attempt = "\(folder)/worker/attempts/\(name)/1"
        return (
            try time(of: .training, in: attempt) - start, end - (try time(of: .completed, in: attempt))
        )
    }

    private func time(of kind: TrainingEvent.Kind, in attempt: String) throws -> Double {
        let text = try String(contentsOfFile: attempt + "/" + AttemptFiles.events, encoding: .utf8)
        for line in text.split(separator: "\n") {
            let event = try JSONDecoder().decode(TrainingEvent.self, from: Data(line.utf8))
            if event.kind == kind { return event.time }
        }
        throw LockstepError(.bug, "\(attempt) has no event \(kind.rawValue)")
    }

    private func spawn(_ words: [String], _ environment: [String: String]) throws -> Int32 {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let log = open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { for descriptor in [null, log] { close(descriptor) } }
        return try ChildProcess.spawn(
            words, environment: environment, input: null, output: log, error: log)
    }
}
