import ArgumentParser
import Diagnostics
import Foundation
import Glibc
import Processes

struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Ends the cluster that `lockstep up` started on this machine.",
        discussion: "Gangs that run commit their state first; the next `lockstep up` goes on with their jobs."
    )

    @Option(help: "Folder of the cluster (default: \(HomeFolder.rule)).")
    var dataDir: String?

    /// Longer than `up` itself waits for its daemons.
    private static let patienceSeconds = 30.0

    func run() async throws {
        let folder = try ClusterFolder(dataDir)
        guard let processes = folder.processes() else {
            throw LockstepError(.notFound, "no cluster runs in \(folder.path)")
        }
        let daemons = processes.daemons.filter(\.isAlive)
        // An `up` that was killed leaves its daemons behind.
        let targets = processes.up.isAlive ? [processes.up] : daemons
        guard !targets.isEmpty else {
            unlink(folder.processesFile)
            unlink(folder.endpointFile)
            throw LockstepError(.notFound, "no cluster runs in \(folder.path)")
        }
        for process in targets { kill(process.pid, SIGTERM) }
        let deadline = Date().addingTimeInterval(Self.patienceSeconds)
        let all = [processes.up] + daemons
        while all.contains(where: \.isAlive), Date() < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        for process in all where process.isAlive { kill(process.pid, SIGKILL) }
        unlink(folder.processesFile)
        unlink(folder.endpointFile)
        StandardStreams.output("The cluster in \(folder.path) has ended.")
    }
}
