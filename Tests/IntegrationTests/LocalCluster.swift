import Foundation
import Testing

/// A cluster of built daemons on this machine: a coordinator and workers, each its own process.
final class LocalCluster {
    let folder: URL
    let api: String
    private(set) var daemons: [String: RunningProgram] = [:]
    private let apiPort: Int
    private let controlPort: Int
    private let token: URL
    private let surroundings: Surroundings

    /// Starts a coordinator and `workers` workers of `slots` slots, runs `body`, and ends all of them.
    ///
    /// - Parameters:
    ///   - options: more words for each `lockstepd worker`.
    ///   - surroundings: as whom and with what rights the daemons run.
    static func run<T>(
        workers: Int, slots: Int = 1, options: [String] = [], surroundings: Surroundings = .own,
        in folder: URL, _ body: (LocalCluster) throws -> T
    ) throws -> T {
        let cluster = try LocalCluster(in: folder, surroundings)
        defer { cluster.stopAll() }
        try cluster.startCoordinator()
        for index in 1...workers {
            try cluster.startWorker("worker-\(index)", slots: slots, options: options)
        }
        try #require(
            RunningProgram.eventually(seconds: 20) {
                try cluster.lockstep(["workers", "list", "--output", "json"]).output
                    .components(separatedBy: "\"ready\"").count == workers + 1
            }, "workers did not come: \(cluster.daemons.mapValues(\.error))")
        return try body(cluster)
    }

    private init(in folder: URL, _ surroundings: Surroundings) throws {
        self.surroundings = surroundings
        self.folder = folder.appendingPathComponent("cluster")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        apiPort = try Self.freePort()
        controlPort = try Self.freePort()
        api = "http://127.0.0.1:\(apiPort)"
        token = self.folder.appendingPathComponent("token")
        try "a-token-for-tests-\(UUID().uuidString)".write(to: token, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token.path)
        try surroundings.give([self.folder, token], in: folder)
    }

    func startCoordinator() throws {
        daemons["coordinator"] = try Program.start(
            "lockstepd",
            [
                "coordinator", "--data-dir", folder.appendingPathComponent("coordinator").path, "--listen",
                "127.0.0.1:\(controlPort)", "--api", "127.0.0.1:\(apiPort)", "--token-file", token.path,
            ], in: folder, environment: surroundings.environment(folder), through: surroundings.words,
            log: "coordinator-\(daemons.count)-\(UUID().uuidString.prefix(4))")
    }

    /// - Parameter options: more words for `lockstepd worker`.
    func startWorker(_ name: String, slots: Int = 1, options: [String] = []) throws {
        let memory = folder.appendingPathComponent("memory")
        try FileManager.default.createDirectory(at: memory, withIntermediateDirectories: true)
        try surroundings.give([memory], in: folder)
        daemons[name] = try Program.start(
            "lockstepd",
            [
                "worker", "--coordinator", "127.0.0.1:\(controlPort)", "--name", name, "--slots", "\(slots)",
                "--data-dir", folder.appendingPathComponent(name).path, "--token-file", token.path,
                "--address", "127.0.0.1", "--hot-state-root", memory.path,
            ] + options, in: folder, environment: surroundings.environment(folder),
            through: surroundings.words,
            log: "\(name)-\(UUID().uuidString.prefix(4))")
    }

    /// Sends `signal` to a daemon and waits for its end.
    func kill(_ daemon: String, _ signal: Int32) {
        guard let running = daemons.removeValue(forKey: daemon) else { return }
        Foundation.kill(running.process.processIdentifier, signal)
        _ = running.wait(seconds: 20)
    }

    func lockstep(_ arguments: [String], seconds: Double = 120) throws -> Program.Outcome {
        try Program.start(
            "lockstep", arguments, in: folder,
            environment: surroundings.environment(folder).merging(["LOCKSTEP_ENDPOINT": api]) { $1 },
            through: surroundings.words
        ).wait(seconds: seconds)
    }

    /// The job as `jobs describe --output json` has it; empty when no coordinator answers.
    func describe(_ job: String) throws -> [String: Any] {
        let outcome = try lockstep(["jobs", "describe", job, "--output", "json"])
        guard outcome.status == 0 else { return [:] }
        return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    /// Waits for a terminal status and returns the description.
    func finished(_ job: String, seconds: Double = 120) throws -> [String: Any] {
        var last: [String: Any] = [:]
        try RunningProgram.eventually(seconds: seconds) {
            last = try describe(job)
            return ["Completed", "Failed", "Stopped"].contains(last["TrainingJobStatus"] as? String)
        }
        return last
    }

    /// Process ids of the job's ranks on this machine.
    func ranks(of job: String) throws -> [Int32] {
        try Program.run("pgrep", ["-f", "^[^ ]*lockstep-train .*/\(job)/"], in: folder).output
            .split(separator: "\n").compactMap { Int32($0) }
    }

    private func stopAll() {
        for name in daemons.keys.sorted() where name != "coordinator" { kill(name, SIGHUP) }
        kill("coordinator", SIGTERM)
        // Supervisors outlive their daemons by design; end what a failed test left.
        _ = try? Program.run("pkill", ["-9", "-f", folder.path], in: folder)
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socket in
                bind(descriptor, socket, length) == 0 && getsockname(descriptor, socket, &length) == 0
            }
        }
        try #require(bound, "no free port on loopback")
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
