import ArgumentParser
import CProcess
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
    @Option(help: "on-demand, spot, or keeper: a worker that runs state keepers only.")
    var kind = "on-demand"
    @Option(help: "Memory file system for hot states; an empty word: keep none.")
    var hotStateRoot = HotStateFolder.defaultRoot
    @Option(help: "The node will be taken away while this file is there.")
    var spotNoticeFile: String?
    @Option(help: "The node will be taken away while this shell command ends with status 0.")
    var spotNoticeCommand: String?
    @Option(help: "Instance-metadata service that announces it, http://169.254.169.254 on EC2.")
    var spotNoticeUrl: String?
    @Option(help: "How often to look for such a notice, in seconds.")
    var spotNoticeInterval = 5.0
    @Option(help: "Days for which folders of attempts that are over are kept.")
    var keepDays = Int(AttemptRetention.standard.keepDays)
    @Option(help: "Newest attempts whose folders are kept when they are over.")
    var keepAttempts = AttemptRetention.standard.keepAttempts
    @OptionGroup(title: "Programs")
    var programs: ProgramOptions
    @Flag(help: "On SIGTERM, let the gangs commit and end too, instead of leaving them running.")
    var endGangs = false
    @Option(help: .hidden)
    var grace = WorkerConfiguration.defaultGraceSeconds

    func validate() throws {
        guard keepDays >= 1 else { throw ValidationError("--keep-days is \(keepDays): it must be 1 or more") }
        guard keepAttempts >= 0 else {
            throw ValidationError("--keep-attempts is \(keepAttempts): it must be 0 or more")
        }
        guard (1...4096).contains(slots) else {
            throw ValidationError("--slots is \(slots): it must be 1 to 4096")
        }
        guard WorkerKind(rawValue: kind) != nil else {
            let kinds = WorkerKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--kind is \"\(kind)\": it must be one of \(kinds)")
        }
        guard spotNoticeInterval >= 0.1, spotNoticeInterval <= 3600 else {
            throw ValidationError("--spot-notice-interval is \(spotNoticeInterval): it must be 0.1 to 3600")
        }
        if let url = spotNoticeUrl, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            throw ValidationError("--spot-notice-url is \"\(url)\": it must begin with http:// or https://")
        }
        guard name.range(of: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", options: .regularExpression) != nil else {
            throw ValidationError(
                "--name is \"\(name)\": it must have 1 to 63 letters, digits, dots, hyphens and underscores")
        }
    }

    func run() async throws {
        cprocess_keep_files_private()
        let logger = DaemonLogging.logger("lockstepd.worker")
        let daemonProgram = try Programs.own()
        let worker = try WorkerDaemon(
            WorkerConfiguration(
                coordinatorHost: coordinator.host, coordinatorPort: coordinator.port,
                worker: WorkerID(name), slots: slots, dataFolder: Programs.absolute(dataDir),
                tokenFile: Programs.absolute(tokenFile), address: address,
                trainProgram: Programs.train(beside: daemonProgram), daemonProgram: daemonProgram,
                endsGangsOnExit: endGangs, graceSeconds: grace,
                kind: WorkerKind(rawValue: kind) ?? .onDemand, hotStateRoot: hotStateRoot, notices: notices,
                noticeSeconds: spotNoticeInterval,
                programs: programs.settings(
                    worker: name, slots: slots, dataFolder: Programs.absolute(dataDir)),
                images: programs.images, passedVariables: programs.passedVariables,
                dataRoots: programs.dataRoots.map(Programs.absolute),
                retention: AttemptRetention(keepDays: Double(keepDays), keepAttempts: keepAttempts)),
            logger: logger)
        // SIGHUP is for an upgrade: the daemon goes at once and its gangs go on.
        do {
            try await ServiceGroup(
                services: [worker], gracefulShutdownSignals: [.sigterm, .sigint],
                cancellationSignals: [.sighup], logger: logger
            ).run()
        } catch is CancellationError {}
    }

    private var notices: [SpotNoticeSource] {
        [
            spotNoticeFile.map { .file(Programs.absolute($0)) }, spotNoticeCommand.map { .command($0) },
            spotNoticeUrl.map { .metadata($0.hasSuffix("/") ? String($0.dropLast()) : $0) },
        ].compactMap { $0 }
    }
}
