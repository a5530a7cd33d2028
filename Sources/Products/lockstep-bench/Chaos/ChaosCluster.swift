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
    let hosts: ChaosHosts
    /// Where jobs write: on a small disk, where there is one.
    let output: String
    private(set) var endpoint: String
    let programs: String
    private let slots: Int
    private let control: Int
    private let api: Int
    private var daemons: [String: Int32] = [:]

    static let workers = ["w1", "w2", "w3", "w4"]
    /// Started by a disturbance, and drained away again.
    static let spare = "w5"
    static let leaseSeconds = 5.0

    /// - Parameters:
    ///   - slots: of each worker but the keeper.
    ///   - smallDisk: a file system of some MiB that every host sees; `nil`: `makeSmallDisk` tries.
    init(
        folder: String, slots: Int = 1, hosts: ChaosHosts = ChaosHosts(bed: nil), smallDisk: String? = nil
    ) throws {
        self.folder = folder
        self.slots = slots
        self.hosts = hosts
        output = smallDisk.map { "\($0)/\((folder as NSString).lastPathComponent)" } ?? folder + "/output"
        hasSmallDisk = smallDisk != nil
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        // Programs write as a user of their own.
        chmod(output, 0o1777)
        chmod(folder, 0o755)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        programs = URL(fileURLWithPath: own).deletingLastPathComponent().path
        try ControlToken.random().write(toFile: folder + "/token", atomically: true, encoding: .utf8)
        chmod(folder + "/token", 0o600)
        control = try Self.freePort()
        api = try Self.freePort()
        endpoint = "http://127.0.0.1:\(api)"
    }

    func start(_ name: String) throws {
        guard daemons[name] == nil else { return }
        let common = ["--data-dir", "\(folder)/\(name)", "--token-file", "\(folder)/token"]
        let words =
            name == "coordinator"
            ? ["coordinator", "--listen", "\(hosts.controlAddress):\(control)", "--api", "127.0.0.1:\(api)"]
            : [
                "worker", "--coordinator", "\(hosts.controlAddress):\(control)", "--name", name, "--kind",
                name == "keeper" ? "keeper" : "spot", "--slots", name == "keeper" ? "1" : "\(slots)",
                // The bench's folders belong to whoever runs it.
                "--run-as", "root",
            ] + hosts.options(name)
        try hosts.prepare(name)
        let log = open("\(folder)/\(name).log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [log, null] { close(descriptor) } }
        daemons[name] = try ChildProcess.spawn(
            hosts.prefix(name) + ["\(programs)/lockstepd"] + words + common,
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

    func signal(_ name: String, _ signal: Int32) {
        guard let pid = daemons[name] else { return }
        kill(pid, signal)
        if signal == SIGKILL || signal == SIGHUP { reap(name) }
    }

    /// Waits for a daemon that is about to end.
    private func reap(_ name: String) {
        guard let pid = daemons.removeValue(forKey: name) else { return }
        waitpid(pid, nil, 0)
    }

    /// Takes a worker's host away: daemon, ranks and memory. Nobody is told.
    func lose(_ worker: String, job: String) {
        guard daemons[worker] != nil else { return }
        if !hosts.isBed {
            signal(worker, SIGKILL)
            for pid in ranks(job) where isRank(pid, of: worker) { kill(pid, SIGKILL) }
        }
        hosts.lose(worker)
        reap(worker)
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

    var daemonProcesses: [Int32] { daemons.values.sorted() }

    var runningWorkers: [String] { daemons.keys.filter { $0.hasPrefix("w") }.sorted() }

    func end() {
        for name in daemons.keys.sorted() where name != "coordinator" { signal(name, SIGKILL) }
        signal("coordinator", SIGKILL)
        for pid in processes({ $0.contains(folder) }) { kill(pid, SIGKILL) }
        hosts.removeMemory()
    }

    /// Lets the daemons leave in good order, and tells what is left of them and of the jobs: processes, and
    /// what `ChaosRemains` looks for.
    func leave() -> [String] {
        for name in daemons.keys.sorted() where name != "coordinator" { dismiss(name) }
        dismiss("coordinator")
        let left = processes { $0.contains(folder) }.compactMap { pid in
            commandLine(pid).map { "process \(pid): \($0.prefix(120))" }
        }
        return left + ChaosRemains.find(in: self)
    }

    /// Process ids of a job's ranks: of built-in algorithms, of runners and of the scripts below them.
    func ranks(_ job: String) -> [Int32] {
        let scripts = processes { $0.contains("\(ChaosKind.scriptName) ") && $0.contains(mark(job)) }
        return scripts
            + processes(job) {
                $0.hasPrefix(programs + "/lockstep-train ")
                    || $0.hasPrefix(programs + "/lockstepd run-program ")
            }
    }

    /// Tells a job's scripts from those of others.
    func mark(_ job: String) -> String { "\((folder as NSString).lastPathComponent)-\(job)" }

    /// Whether a rank runs on a worker.
    func isRank(_ pid: Int32, of worker: String) -> Bool {
        commandLine(pid)?.contains(" --worker \(worker) ") ?? false
    }

    func launchers(_ job: String) -> [Int32] {
        processes(job) { $0.split(separator: " ").first?.split(separator: "/").last == "mpirun" }
    }

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
    private(set) var hasSmallDisk: Bool
    private var hasOwnDisk = false

    /// Puts the output on a disk of 16 MiB, where there is none yet and this process may mount one.
    func makeSmallDisk() {
        guard !hasSmallDisk else { return }
        hasOwnDisk = mount("tmpfs", output, "tmpfs", 0, "size=16m,mode=1777") == 0
        hasSmallDisk = hasOwnDisk
    }

    func removeSmallDisk() {
        if hasOwnDisk {
            umount2(output, Int32(MNT_DETACH))
        } else {
            try? FileManager.default.removeItem(atPath: output)
        }
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

    /// The last step that each host of a program had committed, by attempt and host, as the hosts told in
    /// their logs.
    func committed(_ job: String) -> [Int: [String: Int]] {
        var steps: [Int: [String: Int]] = [:]
        for worker in Self.workers + [Self.spare, "keeper"] {
            let attempts = "\(folder)/\(worker)/attempts/\(job)"
            for number in (try? FileManager.default.contentsOfDirectory(atPath: attempts)) ?? [] {
                let logs = "\(attempts)/\(number)/logs"
                for host in (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? [] {
                    let text = (try? String(contentsOfFile: "\(logs)/\(host)", encoding: .utf8)) ?? ""
                    let last = text.split(separator: "\n").last { $0.contains(ChaosKind.committedWord) }
                    let word = last?.split(separator: " ").last ?? ""
                    guard let attempt = Int(number), let step = Int(word) else { continue }
                    steps[attempt, default: [:]][host] = step
                }
            }
        }
        return steps
    }

    static func freePort() throws -> Int {
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
