import Diagnostics
import Foundation
import Glibc
import Processes

/// Where the daemons of a chaos run live: all on this machine, or each worker on a host of its own in a bed
/// of network namespaces (scripts/testbed), whose first host has coordinator, keeper and this program.
struct ChaosHosts {
    /// Name of the bed and path of the script that made it; `nil`: this machine.
    let bed: (name: String, script: String)?

    /// Hosts that a bed needs: one for each worker, the spare one and the driver.
    static let count = ChaosCluster.workers.count + 2

    var isBed: Bool { bed != nil }

    /// Number of the host of a daemon.
    func host(of daemon: String) -> Int {
        let all = ChaosCluster.workers + [ChaosCluster.spare]
        return all.firstIndex(of: daemon).map { $0 + 2 } ?? 1
    }

    /// What goes before a daemon's own words, so that it runs on its host under its own process id.
    func prefix(_ daemon: String) -> [String] {
        bed.map { [$0.script, "exec", $0.name, "\(host(of: daemon))"] } ?? []
    }

    /// Words of a worker that say how others reach it and where it keeps hot states.
    func options(_ worker: String) -> [String] {
        isBed ? ["--address", "10.214.0.\(host(of: worker))"] : ["--hot-state-root", ownRoot(worker)]
    }

    /// Address on which the coordinator waits for workers.
    var controlAddress: String { isBed ? "10.214.0.1" : "127.0.0.1" }

    /// Makes the folder of a worker's hot states, where it is not the whole of its host's memory.
    func prepare(_ worker: String) throws {
        guard !isBed else { return }
        try FileManager.default.createDirectory(atPath: ownRoot(worker), withIntermediateDirectories: true)
    }

    /// The folder of a worker's hot states as this program sees it.
    ///
    /// - Parameter pid: of the worker's daemon; `nil`: it does not run.
    func hotStateRoot(_ worker: String, pid: Int32?) -> String? {
        guard isBed else { return ownRoot(worker) }
        return pid.map { "/proc/\($0)/root/dev/shm" }
    }

    /// On this machine each worker has its own, as if each had a machine of its own.
    private func ownRoot(_ worker: String) -> String { "\(Self.ownRoots)/\(worker)" }
    private static var ownRoots: String { "/dev/shm/lockstep-chaos-\(getpid())" }

    /// A host of a bed goes at once, with all its processes and its memory; on this machine only the memory.
    func lose(_ worker: String) {
        if isBed {
            change("kill", worker)
        } else {
            try? FileManager.default.removeItem(atPath: ownRoot(worker))
        }
    }

    /// `cut`, `join`, `kill`, `slow` of scripts/testbed for the host of a worker.
    func change(_ verb: String, _ worker: String, _ words: String...) {
        guard let bed else { return }
        run([bed.script, verb, bed.name, "\(host(of: worker))"] + words)
    }

    private func run(_ words: [String]) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let environment = ProcessInfo.processInfo.environment
        let child = try? ChildProcess.spawn(
            words, environment: environment, input: null, output: null, error: null, newSession: true)
        if let child { waitpid(child, nil, 0) }
    }

    func removeMemory() {
        if !isBed { try? FileManager.default.removeItem(atPath: Self.ownRoots) }
    }
}
