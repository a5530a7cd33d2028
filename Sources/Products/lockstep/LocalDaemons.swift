import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import Processes

/// The daemons of a local cluster as child processes: started in order, watched, restarted when they
/// die, ended in good order.
actor LocalDaemons {
    private struct Daemon {
        let name: String
        var arguments: [String]
        var pid: Int32
        var restarts: [Date] = []
    }

    private let folder: ClusterFolder
    private let program: String
    private var coordinator: Daemon?
    private var workers: [Daemon] = []
    private var isEnding = false

    /// A daemon that dies more often than this within a minute is not started again.
    static let restartsPerMinute = 5
    static let startSeconds = 30.0
    /// State keepers that one keeper has room for.
    static let keeperSlots = 64
    static let endSeconds = 20.0

    init(_ folder: ClusterFolder) throws {
        self.folder = folder
        let own: String
        do {
            own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            throw LockstepError(.io, "cannot find out where this program lies", cause: error)
        }
        program = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/lockstepd"
    }

    /// Starts the coordinator and waits until it listens.
    ///
    /// - Parameter options: more words for it.
    func startCoordinator(api: String, options: [String]) async throws -> ClusterEndpoint {
        let words =
            [
                "coordinator", "--data-dir", folder.coordinator, "--listen", "127.0.0.1:0", "--api", api,
                "--token-file", folder.tokenFile,
            ] + options
        var daemon = try start("coordinator", words)
        coordinator = daemon
        let pid = daemon.pid
        let endpoint = try await wait(for: daemon) { () -> ClusterEndpoint? in
            guard let endpoint = self.folder.endpoint(from: self.folder.coordinatorEndpoints),
                endpoint.pid == pid
            else { return nil }
            return endpoint
        }
        // Should it have to start again, then on the ports that everybody knows by now.
        daemon.arguments =
            [
                "coordinator", "--data-dir", folder.coordinator, "--listen", endpoint.control, "--api",
                String(endpoint.api.dropFirst("http://".count)), "--token-file", folder.tokenFile,
            ] + options
        coordinator = daemon
        return endpoint
    }

    /// Starts the workers and waits until all have registered.
    ///
    /// - Parameters:
    ///   - areSpot: spot workers, and a keeper beside them.
    ///   - options: more words for each.
    func startWorkers(
        _ count: Int, slots: Int, areSpot: Bool, control: String, options: [String]
    ) async throws {
        for index in 1...count {
            let kind = options + (areSpot ? ["--kind", "spot"] : [])
            try startWorker("worker-\(index)", slots: slots, control: control, kind)
        }
        if areSpot {
            try startWorker("keeper", slots: Self.keeperSlots, control: control, ["--kind", "keeper"])
        }
        for worker in workers {
            let registered = folder.worker(worker.name) + "/registered"
            _ = try await wait(for: worker) {
                FileManager.default.fileExists(atPath: registered) ? true : nil
            }
        }
    }

    private func startWorker(_ name: String, slots: Int, control: String, _ options: [String]) throws {
        unlink(folder.worker(name) + "/registered")
        let words = [
            "worker", "--coordinator", control, "--name", name, "--slots", "\(slots)", "--data-dir",
            folder.worker(name), "--token-file", folder.tokenFile, "--end-gangs",
        ]
        workers.append(try start(name, words + options))
    }

    var identities: [ProcessIdentity] {
        ([coordinator].compactMap { $0 } + workers).compactMap { ProcessIdentity(pid: $0.pid) }
    }

    /// Starts again what has died.
    ///
    /// - Returns: whether anything had.
    /// - Throws: when a daemon dies again and again.
    func revive() throws -> Bool {
        guard !isEnding else { return false }
        var hasRevived = false
        if var daemon = coordinator, try revive(&daemon) {
            coordinator = daemon
            hasRevived = true
        }
        for index in workers.indices where try revive(&workers[index]) { hasRevived = true }
        return hasRevived
    }

    /// Ends everything: the coordinator first, so that it starts nothing anew, then the workers, which
    /// let their gangs commit.
    func end() async {
        isEnding = true
        var left = ([coordinator].compactMap { $0 } + workers).map(\.pid)
        for pid in left { kill(pid, SIGTERM) }
        let deadline = Date().addingTimeInterval(Self.endSeconds)
        while !left.isEmpty, Date() < deadline {
            left.removeAll { waitpid($0, nil, WNOHANG) != 0 }
            try? await Task.sleep(for: .milliseconds(20))
        }
        for pid in left {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    private func revive(_ daemon: inout Daemon) throws -> Bool {
        guard waitpid(daemon.pid, nil, WNOHANG) == daemon.pid else { return false }
        let now = Date()
        daemon.restarts = daemon.restarts.filter { now.timeIntervalSince($0) < 60 } + [now]
        guard daemon.restarts.count <= Self.restartsPerMinute else {
            let last = folder.lastLine(ofLog: log(daemon.name)).map { ": \($0)" } ?? ""
            throw LockstepError(.bug, "\(daemon.name) ends again and again\(last)")
        }
        StandardStreams.error("lockstep up: \(daemon.name) ended, starting it again")
        daemon.pid = try start(daemon.name, daemon.arguments).pid
        return true
    }

    private func start(_ name: String, _ arguments: [String]) throws -> Daemon {
        let log = open(log(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { for descriptor in [log, null] { close(descriptor) } }
        guard log >= 0 else {
            throw LockstepError(.io, "cannot write \(self.log(name)): \(String(cString: strerror(errno)))")
        }
        // A session of its own, so that Ctrl-C reaches `up` alone and `up` decides on the order.
        let pid = try ChildProcess.spawn(
            [program] + arguments, environment: ProcessInfo.processInfo.environment, input: null,
            output: log, error: log, newSession: true)
        return Daemon(name: name, arguments: arguments, pid: pid)
    }

    private func log(_ name: String) -> String { "\(folder.logs)/\(name).log" }

    /// Waits until a starting daemon shows that it is there.
    private func wait<Sign>(for daemon: Daemon, _ sign: () -> Sign?) async throws -> Sign {
        let deadline = Date().addingTimeInterval(Self.startSeconds)
        while Date() < deadline {
            if let sign = sign() { return sign }
            var status: Int32 = 0
            if waitpid(daemon.pid, &status, WNOHANG) == daemon.pid {
                throw failure(daemon, status: ChildProcess.shellStatus(status))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw LockstepError(
            .network,
            "\(daemon.name) did not come up within \(Int(Self.startSeconds)) s: see \(log(daemon.name))")
    }

    /// The daemon's own sentence, and its own exit status where there is a code for it.
    private func failure(_ daemon: Daemon, status: Int32) -> LockstepError {
        let codes: [LockstepError.Code] = [.usage, .notFound, .conflict, .io, .network, .denied, .damaged]
        let code = codes.first { $0.exitCode == status } ?? .bug
        let line = folder.lastLine(ofLog: log(daemon.name)) ?? "it said nothing"
        return LockstepError(code, "the \(daemon.name) did not start: \(line)")
    }
}
