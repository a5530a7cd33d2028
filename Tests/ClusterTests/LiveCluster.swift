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
import WorkerService

/// A coordinator in this process, worker daemons as real processes, and a script in place of
/// `lockstep-train`, which real `mpirun`s run.
final class LiveCluster {
    let folder: String
    private(set) var coordinator: Coordinator
    private(set) var port: Int
    private var serving: Task<Void, any Error>
    private var workers: [String: Int32] = [:]

    var tokenFile: String { folder + "/token" }
    var state: String { folder + "/state" }

    /// The built `lockstepd`, beside the test bundle.
    static let daemonProgram: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/lockstepd"
    }()

    /// Runs `body` with a cluster; ends every process of it afterwards.
    static func with(
        workers names: [String], slots: Int, _ body: (LiveCluster) async throws -> Void
    ) async throws {
        try await withScratchFolder { folder in
            let cluster = try await LiveCluster(folder: folder)
            for name in names { try cluster.startWorker(name, slots: slots) }
            do {
                try await body(cluster)
            } catch {
                cluster.showLogs()
                await cluster.end()
                throw error
            }
            await cluster.end()
        }
    }

    private init(folder: String) async throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            atPath: folder + "/state", withIntermediateDirectories: true)
        try ControlToken.random().write(toFile: folder + "/token", atomically: true, encoding: .utf8)
        chmod(folder + "/token", 0o600)
        try FakeTrain.script.write(toFile: folder + "/train", atomically: true, encoding: .utf8)
        chmod(folder + "/train", 0o755)
        (coordinator, port, serving) = try await Self.open(folder, port: 0)
    }

    private static func open(
        _ folder: String, port: Int
    ) async throws -> (Coordinator, Int, Task<Void, any Error>) {
        var logger = Logger(label: "coordinator") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let coordinator = try Coordinator(
            CoordinatorConfiguration(
                dataFolder: folder + "/coordinator", host: "127.0.0.1", port: port,
                tokenFile: folder + "/token", leaseSeconds: 3, heartbeatSeconds: 0.5),
            logger: logger)
        let server = try await CoordinatorServer(coordinator)
        return (coordinator, server.port, Task { try await server.run() })
    }

    /// Ends the coordinator without a word to anybody.
    func endCoordinator() async throws {
        serving.cancel()
        _ = await serving.result
        try await coordinator.close()
    }

    /// Opens a new coordinator on the data folder of the one that was ended.
    func restartCoordinator() async throws {
        (coordinator, port, serving) = try await Self.open(folder, port: port)
    }

    func startWorker(_ name: String, slots: Int, token: String? = nil) throws {
        let log = Glibc.open(folder + "/\(name).log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(log) }
        var environment = ProcessInfo.processInfo.environment
        environment["LOCKSTEP_TRAIN"] = folder + "/train"
        workers[name] = try ChildProcess.spawn(
            [
                Self.daemonProgram, "worker", "--coordinator", "127.0.0.1:\(port)", "--name", name,
                "--slots", "\(slots)", "--data-dir", folder + "/\(name)", "--token-file", token ?? tokenFile,
                "--grace", "5",
                // What the ranks write lies in folders of this process's user.
                "--run-as", "root",
            ],
            environment: environment, input: log, output: log, error: log, newSession: true,
            diesWithParent: false)
    }

    func signalWorker(_ name: String, _ signal: Int32) {
        guard let pid = workers.removeValue(forKey: name) else { return }
        kill(pid, signal)
        waitpid(pid, nil, 0)
    }

    /// A signal that the worker survives.
    func tellWorker(_ name: String, _ signal: Int32) {
        if let pid = workers[name] { kill(pid, signal) }
    }

    /// Waits for a worker that ends by itself; its exit status.
    func waitForWorker(_ name: String) -> Int32? {
        guard let pid = workers.removeValue(forKey: name) else { return nil }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return ChildProcess.shellStatus(status)
    }

    func log(_ name: String) -> String {
        (try? String(contentsOfFile: folder + "/\(name).log", encoding: .utf8)) ?? ""
    }

    @discardableResult
    func submit(_ name: String, slots: Int, steps: Int, environment: [String: String] = [:]) async throws
        -> JobRecord
    {
        var variables = environment
        variables["LOCKSTEP_FAKE_STATE"] = state + "/\(name)"
        variables["LOCKSTEP_FAKE_STEPS"] = "\(steps)"
        let request = try JSONSerialization.data(
            withJSONObject: ["TrainingJobName": name, "Environment": variables])
        let job = JobSpec(
            name: JobName(name), arn: "arn:\(name)",
            locations: JobSpec.Locations(output: StorageLocation(path: state)),
            resources: JobSpec.Resources(ranks: slots),
            policy: JobSpec.Policy(maximumRestarts: 10, maxRuntimeSeconds: 600), environment: variables)
        return try await coordinator.createJob(
            try JobDraft(job, requestJSON: String(decoding: request, as: UTF8.self)), invocationID: nil)
    }

    /// A job of a shell's commands, in a script.
    func submit(_ name: String, command: String) async throws {
        let request: [String: Any] = [
            "TrainingJobName": name, "OutputDataConfig": ["S3OutputPath": "file://\(state)/output"],
            "AlgorithmSpecification": ["ContainerEntrypoint": ["/bin/sh", "-c", command]],
        ]
        let data = try JSONSerialization.data(withJSONObject: request)
        let job = JobSpec(
            name: JobName(name), arn: "arn:\(name)",
            work: JobSpec.Work(program: JobSpec.Program(.script, command: ["/bin/sh", "-c", command])),
            locations: JobSpec.Locations(output: StorageLocation(path: state + "/output")),
            policy: JobSpec.Policy(maximumRestarts: 10, maxRuntimeSeconds: 600))
        _ = try await coordinator.createJob(
            try JobDraft(job, requestJSON: String(decoding: data, as: UTF8.self)), invocationID: nil)
    }

    /// Waits until the job satisfies `condition`.
    func wait(
        _ name: String, seconds: Double = 20, for what: String,
        until condition: (JobRecord) -> Bool
    ) async throws -> JobRecord {
        let deadline = Date().addingTimeInterval(seconds)
        while Date() < deadline {
            let record = try await coordinator.job(JobName(name))
            if condition(record) { return record }
            try await Task.sleep(for: .milliseconds(20))
        }
        let record = try await coordinator.job(JobName(name))
        throw LockstepError(
            .bug,
            "\(name) did not become \(what): \(record.secondaryStatus), \(record.transitions.map(\.message))"
                + " \(record.failureReason ?? "")")
    }

    /// Waits for a file that a rank writes, below the folder of states.
    func waitForFile(_ name: String) async throws {
        let deadline = Date().addingTimeInterval(20)
        while !FileManager.default.fileExists(atPath: "\(state)/\(name)") {
            guard Date() < deadline else { throw LockstepError(.bug, "\(name) has not been written") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits until the gang, which nobody may be looking at, has taken some more steps.
    func waitForSteps(of name: String, more: Int) async throws {
        func step() -> Int {
            let text = try? String(contentsOfFile: "\(state)/\(name)/step", encoding: .utf8)
            return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? 0
        }
        let (before, deadline) = (step(), Date().addingTimeInterval(20))
        while step() < before + more {
            guard Date() < deadline else { throw LockstepError(.bug, "\(name) takes no steps") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Process ids of the job's ranks, by rank.
    func rankPIDs(_ name: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: state + "/\(name)")) ?? []
        return names.filter { $0.hasPrefix("pid.") }.sorted()
            .compactMap { try? String(contentsOfFile: "\(state)/\(name)/\($0)", encoding: .utf8) }
            .compactMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Where Open MPI keeps an attempt's files.
    func sessionFolder(_ job: String, _ attempt: Int) throws -> String {
        SessionFolder(
            AttemptID(job: JobName(job), number: attempt),
            cluster: try ControlToken(file: tokenFile).clusterTag
        ).path
    }

    /// The supervisor of an attempt, as its worker's folder tells.
    func supervisorPID(_ worker: String, _ job: String, _ attempt: Int) -> Int32? {
        let path = "\(folder)/\(worker)/attempts/\(job)/\(attempt)/supervisor.json"
        return FileManager.default.contents(atPath: path)
            .flatMap { try? JSONDecoder().decode(ProcessIdentity.self, from: $0) }?.pid
    }

    /// How an attempt ended, as its supervisor wrote it.
    func end(_ worker: String, _ job: String, _ attempt: Int) -> AttemptEnd? {
        FileManager.default.contents(atPath: "\(folder)/\(worker)/attempts/\(job)/\(attempt)/exit.json")
            .flatMap { try? JSONDecoder().decode(AttemptEnd.self, from: $0) }
    }

    /// Processes that belong to an attempt of this cluster.
    func leftovers() -> [Int32] {
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap {
            Int32($0)
        }
        return pids.filter { pid in
            guard pid != getpid(),
                let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            else { return false }
            return environment.range(of: Data("LOCKSTEP_ATTEMPT_DIR=\(folder)".utf8)) != nil
        }
    }

    private func end() async {
        for name in workers.keys { signalWorker(name, SIGKILL) }
        for pid in leftovers() { kill(pid, SIGKILL) }
        serving.cancel()
        _ = await serving.result
        try? await coordinator.close()
    }

    private func showLogs() {
        for name in workers.keys.sorted() {
            StandardStreams.error("--- \(name)\n\(log(name))")
        }
    }
}

/// A rank that counts steps, commits them to a file and obeys the stop signal.
enum FakeTrain {
    static let script = """
        #!/bin/bash
        # JOB.json --attempt-dir DIR
        dir=$3
        rank=$OMPI_COMM_WORLD_RANK
        world=$OMPI_COMM_WORLD_SIZE
        mkdir -p "$LOCKSTEP_FAKE_STATE"
        echo $$ > "$LOCKSTEP_FAKE_STATE/pid.$rank"
        now() { date +%s.%N; }
        emit() { if [ "$rank" = 0 ]; then echo "$1" >> "$dir/events.jsonl"; fi; }
        stop=0
        if [ -n "$LOCKSTEP_FAKE_LATE" ]; then
            touch "$LOCKSTEP_FAKE_STATE/early.$rank"
            sleep "$LOCKSTEP_FAKE_LATE"
        fi
        if [ -n "$LOCKSTEP_FAKE_DEAF" ]; then trap '' USR1; else trap 'stop=1' USR1; fi
        printf '\\001Rlockstep-pulse %s working 0.001 training\\n' "${LOCKSTEP_FAKE_BEGUN:-0}" >&2
        step=$(cat "$LOCKSTEP_FAKE_STATE/step" 2> /dev/null || echo 0)
        emit "{\\"kind\\":\\"started\\",\\"time\\":$(now),\\"step\\":$step,\
        \\"world\\":$world,\\"threads\\":1}"
        emit "{\\"kind\\":\\"downloading\\",\\"time\\":$(now)}"
        emit "{\\"kind\\":\\"training\\",\\"time\\":$(now),\\"step\\":$step}"
        if [ -n "$LOCKSTEP_FAKE_FAIL" ] && [ "$rank" = 0 ]; then
            emit "{\\"kind\\":\\"failed\\",\\"time\\":$(now),\\"code\\":\\"$LOCKSTEP_FAKE_FAIL\\",\
        \\"message\\":\\"$LOCKSTEP_FAKE_MESSAGE\\",\\"rank\\":0}"
            echo "lockstep-train: $LOCKSTEP_FAKE_MESSAGE" >&2
            exit "$LOCKSTEP_FAKE_STATUS"
        fi
        while [ "$step" -lt "$LOCKSTEP_FAKE_STEPS" ]; do
            if [ "$stop" = 1 ]; then
                emit "{\\"kind\\":\\"stopped\\",\\"time\\":$(now),\\"step\\":$step}"
                sleep 0.1
                exit 75
            fi
            sleep 0.02
            step=$((step + 1))
            if [ "$rank" = 0 ]; then
                echo $step > "$LOCKSTEP_FAKE_STATE/step.tmp"
                mv "$LOCKSTEP_FAKE_STATE/step.tmp" "$LOCKSTEP_FAKE_STATE/step"
            fi
            emit "{\\"kind\\":\\"progress\\",\\"time\\":$(now),\\"step\\":$step,\\"loss\\":0.5,\\"epoch\\":1}"
            echo "rank $rank of $world did step $step"
        done
        sleep 0.1
        emit "{\\"kind\\":\\"uploading\\",\\"time\\":$(now)}"
        emit "{\\"kind\\":\\"completed\\",\\"time\\":$(now),\\"step\\":$step,\\"modelHash\\":\\"abc\\"}"
        exit 0
        """
}
