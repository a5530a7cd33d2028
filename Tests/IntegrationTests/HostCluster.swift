import Foundation
import Glibc
import Testing

/// A cluster of built daemons over the hosts of a bed; its API answers on the loopback of the
/// coordinator's host only.
final class HostCluster {
    let bed: TestBed
    let folder: URL
    /// The host of the coordinator.
    let head: Int
    private let surroundings: Surroundings
    /// What the workers call their hosts.
    private let names: [Int: String]
    private var daemons: [String: RunningProgram] = [:]

    /// Starts a coordinator on host `head` and a worker on each of `workers`, and waits for all.
    ///
    /// - Parameters:
    ///   - options: more words for every worker.
    ///   - hasKeeper: whether the coordinator's host has a keeper.
    ///   - names: what workers call their hosts in place of an address.
    init(
        _ bed: TestBed, head: Int = 1, workers: [Int], slots: Int = 1,
        options: (Int) -> [String] = { _ in [] },
        hasKeeper: Bool = false, names: [Int: String] = [:], surroundings: Surroundings = .own,
        in folder: URL
    ) throws {
        self.bed = bed
        self.names = names
        self.surroundings = surroundings
        self.head = head
        self.folder = folder.appendingPathComponent("hosts")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        try "a-token-for-hosts-\(UUID().uuidString)".write(
            to: token, atomically: true, encoding: .utf8)
        chmod(token.path, 0o600)
        try surroundings.give([self.folder, token], in: folder)
        if !names.isEmpty { try bed.name(names) }
        try startCoordinator()
        for host in workers { try startWorker(host, slots: slots, options: options(host)) }
        if hasKeeper { try startWorker(head, slots: 8, options: ["--kind", "keeper"]) }
        let count = workers.count + (hasKeeper ? 1 : 0)
        try #require(
            RunningProgram.eventually(seconds: 20) { try readyWorkers() == count },
            "workers did not come: \(daemons.mapValues(\.error))")
    }

    private var token: URL { folder.appendingPathComponent("token") }
    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func startCoordinator() throws {
        daemons["coordinator"] = try bed.start(
            head, "lockstepd",
            [
                "coordinator", "--data-dir", path("coordinator"), "--listen", "\(bed.address(head)):7461",
                "--api", "127.0.0.1:7460", "--token-file", token.path,
            ], in: folder, environment: surroundings.environment(folder),
            through: surroundings.words, log: "coordinator-\(UUID().uuidString.prefix(4))")
    }

    /// kill -9 of `coordinator` or `worker-HOST`.
    func kill(_ daemon: String) throws {
        let process = try #require(daemons[daemon]).process
        Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func startWorker(_ host: Int, slots: Int = 1, options: [String] = []) throws {
        daemons["worker-\(host)"] = try bed.start(
            host, "lockstepd",
            [
                "worker", "--coordinator", "\(bed.address(head)):7461", "--name", "worker-\(host)",
                "--slots", "\(slots)", "--data-dir", path("worker-\(host)"), "--token-file", token.path,
                "--address", names[host] ?? bed.address(host),
            ] + options, in: folder, environment: surroundings.environment(folder),
            through: surroundings.words,
            log: "worker-\(host)-\(UUID().uuidString.prefix(4))")
    }

    func readyWorkers() throws -> Int {
        try lockstep(["workers", "list", "--output", "json"]).output
            .components(separatedBy: "\"ready\"").count - 1
    }

    func lockstep(_ arguments: [String], seconds: Double = 120) throws -> Program.Outcome {
        try bed.start(
            head, "lockstep", arguments, in: folder,
            environment: ["LOCKSTEP_ENDPOINT": "http://127.0.0.1:7460"], through: surroundings.words
        ).wait(seconds: seconds)
    }

    /// State of a worker as `workers list` has it.
    func state(of worker: String) throws -> String? {
        let outcome = try lockstep(["workers", "list", "--output", "json"])
        let answer = try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let workers = answer?["Workers"] as? [[String: Any]] ?? []
        return workers.first { $0["WorkerName"] as? String == worker }?["State"] as? String
    }

    func describe(_ job: String) throws -> [String: Any] {
        let outcome = try lockstep(["jobs", "describe", job, "--output", "json"])
        guard outcome.status == 0 else { return [:] }
        return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    /// Trains a job to its end and returns its model hash.
    func train(_ job: SampleJob, in folder: URL) throws -> String? {
        let outcome = try lockstep(["submit", try job.write(to: folder).path, "--wait"])
        #expect(outcome.status == 0, "\(outcome.error) \(diagnosis(job.name))")
        return try describe(job.name)["ModelHash"] as? String
    }

    /// Starts a job, does `disturb` once `step` is reached, and waits for its end.
    func train(
        _ job: SampleJob, disturbedAt step: Int, in folder: URL, _ disturb: () throws -> Void
    ) throws -> [String: Any] {
        let submitted = try lockstep(["submit", try job.write(to: folder).path])
        try #require(submitted.status == 0, "\(submitted.error)")
        try #require(
            RunningProgram.eventually(seconds: 40) { try currentStep(job.name) >= step },
            "\(job.name) did not reach step \(step): \(diagnosis(job.name))")
        try disturb()
        var last: [String: Any] = [:]
        try RunningProgram.eventually(seconds: 90) {
            last = try describe(job.name)
            return ["Completed", "Failed", "Stopped"].contains(last["TrainingJobStatus"] as? String)
        }
        #expect(last["TrainingJobStatus"] as? String == "Completed", "\(diagnosis(job.name))")
        return last
    }

    private func currentStep(_ job: String) throws -> Int {
        (try describe(job)["ProgressInfo"] as? [String: Any])?["CurrentStep"] as? Int ?? 0
    }

    /// What there is to know of a job that did not do as it should.
    func diagnosis(_ job: String) -> String {
        let description = (try? lockstep(["jobs", "describe", job]).output) ?? ""
        let logs =
            (try? Program.run("sh", ["-c", "tail -n 20 worker-*/attempts/\(job)/*/mpirun.log"], in: folder))?
            .output
        return description + (logs ?? "")
            + daemons.map { "\($0): \($1.error.suffix(2000))" }.joined(separator: "\n")
    }
}
