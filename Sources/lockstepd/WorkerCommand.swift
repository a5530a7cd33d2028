import ArgumentParser
import ClusterTypes
import Diagnostics
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import WorkerService

struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Offers this node's slots and supervises the gangs it runs.")

    @Option(help: "ADDRESS:PORT of the coordinator.")
    var coordinator: HostPort
    @Option(help: "Name of this worker, unique in the cluster; keep it over restarts.")
    var name: String
    @Option(help: "Ranks this worker has room for.")
    var slots = 1
    @Option(help: "Folder for the attempts this worker supervises.")
    var dataDir: String
    @Option(help: "File with the secret of the cluster.")
    var tokenFile: String
    @Option(help: "Address of this node under which the other nodes reach it.")
    var address = "127.0.0.1"
    @Flag(help: "On SIGTERM, let the gangs commit and end too, instead of leaving them running.")
    var endGangs = false
    @Option(help: .hidden)
    var grace = WorkerConfiguration.defaultGraceSeconds

    func validate() throws {
        guard (1...4096).contains(slots) else {
            throw ValidationError("--slots is \(slots): it must be 1 to 4096")
        }
        guard name.range(of: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", options: .regularExpression) != nil else {
            throw ValidationError(
                "--name is \"\(name)\": it must have 1 to 63 letters, digits, dots, hyphens and underscores")
        }
    }

    func run() async throws {
        let logger = DaemonLogging.logger("lockstepd.worker")
        let daemonProgram = try Programs.own()
        let worker = try WorkerDaemon(
            WorkerConfiguration(
                coordinatorHost: coordinator.host, coordinatorPort: coordinator.port,
                worker: WorkerID(name), slots: slots, dataFolder: Programs.absolute(dataDir),
                tokenFile: Programs.absolute(tokenFile), address: address,
                trainProgram: Programs.train(beside: daemonProgram), daemonProgram: daemonProgram,
                endsGangsOnExit: endGangs, graceSeconds: grace),
            logger: logger)
        try await ServiceGroup(
            services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}
