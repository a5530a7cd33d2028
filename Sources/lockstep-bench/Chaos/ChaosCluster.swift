import APIClient
import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import Glibc
import Processes
import SageMakerShapes

/// A cluster of real daemons on this machine that may be hurt in every way.
final class ChaosCluster {
    let folder: String
    private(set) var endpoint: String
    private let programs: String
    private let control: Int
    private let api: Int
    private var daemons: [String: Int32] = [:]

    static let workers = ["w1", "w2", "w3", "w4"]
    /// Started by a disturbance, and drained away again.
    static let spare = "w5"
    static let leaseSeconds = 5.0

    init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        programs = URL(fileURLWithPath: own).deletingLastPathComponent().path
        try ControlToken.random().write(toFile: folder + "/token", atomically: true, encoding: .utf8)
        control = try Self.freePort()
        api = try Self.freePort()
        endpoint = "http://127.0.0.1:\(api)"
    }

    func start(_ name: String) throws {
        guard daemons[name] == nil else { return }
        let common = ["--data-dir", "\(folder)/\(name)", "--token-file", "\(folder)/token"]
        let words =
            name == "coordinator"
            ? ["coordinator", "--listen", "127.0.0.1:\(control)", "--api", "127.0.0.1:\(api)"]
            : [
                "worker", "--coordinator", "127.0.0.1:\(control)", "--name", name, "--kind",
                name == "keeper" ? "keeper" : "spot", "--hot-state-root", hotStateRoot(name),
            ]
        try FileManager.default.createDirectory(
            atPath: hotStateRoot(name), withIntermediateDirectories: true)
        let log = open("\(folder)/\(name).log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [log, null] { close(descriptor) } }
        daemons[name] = try ChildProcess.spawn(
            ["\(programs)/lockstepd"] + words + common,
            environment: ProcessInfo.processInfo.environment, input: null, output: log, error: log,
            newSession: true)
    }

    /// Starts coordinator, keeper and workers, and waits until all have registered.
    func startAll() throws {
        for name in ["coordinator", "keeper"] + Self.workers { try start(name) }
        try Waiting.eventually(20, "the cluster did not come up") {
            (try? withClient { try await $0.listWorkers() })?.workers.count == 5
        }
    }

    /// Each worker has its own, as if each had a machine of its own.
    func hotStateRoot(_ worker: String) -> String { "/dev/shm/lockstep-chaos-\(getpid())/\(worker)" }

    func signal(_ name: String, _ signal: Int32) {
        guard let pid = daemons[name] else { return }
        kill(pid, signal)
        guard signal == SIGKILL || signal == SIGHUP else { return }
        waitpid(pid, nil, 0)
        daemons[name] = nil
    }

    /// Process id of a daemon that has been started.
    func pid(_ name: String) -> Int32? { daemons[name] }

    /// Lets a worker leave in good order; it is gone when it is gone.
    func dismiss(_ name: String) {
        guard let pid = daemons.removeValue(forKey: name) else { return }
        kill(pid, SIGTERM)
        for _ in 0..<1500 where waitpid(pid, nil, WNOHANG) == 0 { usleep(10_000) }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    var runningWorkers: [String] { daemons.keys.filter { $0.hasPrefix("w") }.sorted() }

    func end() {
        for name in daemons.keys.sorted() where name != "coordinator" { signal(name, SIGKILL) }
        signal("coordinator", SIGKILL)
        for pid in processes({ $0.contains(folder) }) { kill(pid, SIGKILL) }
        try? FileManager.default.removeItem(atPath: "/dev/shm/lockstep-chaos-\(getpid())")
    }

    /// Process ids of a job's ranks.
    func ranks(_ job: String) -> [Int32] { processes(job) { $0.hasPrefix(programs + "/lockstep-train ") } }

    /// Whether a rank runs on a worker.
    func isRank(_ pid: Int32, of worker: String) -> Bool {
        commandLine(pid)?.contains(" --worker \(worker) ") ?? false
    }

    func launchers(_ job: String) -> [Int32] { processes(job) { $0.hasPrefix("mpirun ") } }

    func supervisors(_ job: String) -> [Int32] { processes(job) { $0.contains("lockstepd supervise ") } }

    private func processes(_ job: String, _ isWanted: (String) -> Bool) -> [Int32] {
        processes { isWanted($0) && $0.contains("\(folder)/") && $0.contains("/\(job)/") }
    }

    private func processes(_ isWanted: (String) -> Bool) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.sorted().filter { pid in
            guard pid != getpid(), let line = commandLine(pid) else { return false }
            return isWanted(line)
        }
    }

    private func commandLine(_ pid: Int32) -> String? {
        FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            .map { String(decoding: $0.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self) }
    }

    /// Takes a drained worker back; a coordinator that is away is asked again.
    func resume(_ worker: String) {
        for _ in 0..<100 {
            if (try? withClient { try await $0.resumeWorker(worker) }) != nil { return }
            usleep(100_000)
        }
    }

    /// Whether the output lies on a disk of its own.
    private(set) var hasSmallDisk = false

    /// Puts the output on a disk of 16 MiB, where this process may mount one.
    func makeSmallDisk() {
        mkdir(folder + "/output", 0o700)
        hasSmallDisk = mount("tmpfs", folder + "/output", "tmpfs", 0, "size=16m") == 0
    }

    func removeSmallDisk() {
        if hasSmallDisk { umount2(folder + "/output", Int32(MNT_DETACH)) }
    }

    func withClient<Value: Sendable>(
        _ body: @escaping @Sendable (APIClient) async throws -> Value
    ) throws -> Value {
        let endpoint = try APIEndpoint.find(option: self.endpoint)
        return try Waiting.run { try await APIClient.with(endpoint, body) }
    }

    /// The job's description; `nil` while no coordinator answers.
    func describe(_ job: String) -> TrainingJobDescription? {
        try? withClient { try await $0.describeTrainingJob(job) }
    }

    /// Lines of the gangs' own event logs, with the number of the attempt, in order of time.
    func events(_ job: String) throws -> [ChaosEvent] {
        var events: [ChaosEvent] = []
        for worker in Self.workers + [Self.spare, "keeper"] {
            let attempts = "\(folder)/\(worker)/attempts/\(job)"
            for number in (try? FileManager.default.contentsOfDirectory(atPath: attempts)) ?? [] {
                let path = "\(attempts)/\(number)/events.jsonl"
                guard let attempt = Int(number), let data = FileManager.default.contents(atPath: path)
                else { continue }
                events += data.split(separator: 0x0A).compactMap { ChaosEvent($0, attempt: attempt) }
            }
        }
        return events.sorted { $0.event.time < $1.event.time }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw LockstepError(.io, "there is no free port on 127.0.0.1") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
