import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import Glibc
package import Logging
import Processes
import ProgramContract
import ServiceLifecycle
import Storage
import Wire

/// A worker: owns the slots of its node, supervises attempts and forwards what they write.
///
/// It keeps trying to reach its coordinator for as long as it lives; gangs run on meanwhile.
package struct WorkerDaemon: Service {
    private let configuration: WorkerConfiguration
    private let token: ControlToken
    private let logger: Logger

    /// Longest pause between two attempts to reach the coordinator, in seconds.
    static let longestPause = 5.0
    /// How long another worker of the same name may hold on after this one has started.
    static let conflictPatienceSeconds = 12.0
    /// How long gangs may take to leave when the daemon ends them on exit.
    static let exitGraceSeconds = 10.0
    /// How long a daemon that is told to end looks for its coordinator.
    static let solitudeSeconds = 3.0

    /// - Throws: when the token cannot be read.
    package init(_ configuration: WorkerConfiguration, logger: Logger) throws {
        self.configuration = configuration
        token = try ControlToken(file: configuration.tokenFile)
        var logger = logger
        logger[metadataKey: "worker"] = "\(configuration.worker)"
        self.logger = logger
    }

    package func run() async throws {
        _ = try GangHosts.address(of: configuration.address)
        let lock = try takeDataFolder()
        defer { lock.release() }
        let configuration = try withRooms()
        let signer = ClusterKey(seed: token.certificateSeed).map {
            CertificateSigner(key: $0, worker: configuration.worker)
        }
        let book = AttemptBook(configuration, signer: signer, logger: logger)
        try await book.adopt()
        let leaving = Leaving()
        let lease = try LeaseFile(configuration.leaseFile)
        let hotStates = HotStateFolder(
            root: configuration.hotStateRoot, cluster: token.clusterTag, worker: configuration.worker,
            isPassage: configuration.rooms != nil)
        try Self.writeSettings(configuration, sharedMemory: hotStates.path)
        ProgramTrees.sweep(configuration.programs.scratch)
        let listener = try await ControlServer.bind(
            host: configuration.address, port: 0, token: token, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await listener.serve { peer, inbox in
                    try await LaunchService(
                        configuration: configuration, cluster: token.clusterTag, hotStates: hotStates,
                        logger: logger
                    ).serve(peer, &inbox)
                }
            }
            let session = WorkerSession(
                configuration: configuration, instance: ControlToken.random(), launchPort: listener.port,
                book: book, leaving: leaving, lease: lease, hotStates: hotStates, logger: logger)
            group.addTask { try await stayConnected(session) }
            group.addTask { try await watchNotices(leaving) }
            group.addTask {
                while !Task.isCancelled {
                    lease.renew()
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            group.addTask {
                try? await gracefulShutdown()
                if !configuration.endsGangsOnExit { await leave(leaving) }
            }
            defer { group.cancelAll() }
            do { try await group.next() } catch is CancellationError {}
        }
        if configuration.endsGangsOnExit {
            await endGangs(book)
            // The checkpoints hold what the gangs have committed.
            hotStates.removeAll()
        } else {
            hotStates.removeIfEmpty()
        }
    }

    /// Returns when nothing of the cluster's is left on this node, or when waiting is of no use.
    private func leave(_ leaving: Leaving) async {
        guard !Task.isCancelled else { return }
        let grace = configuration.graceSeconds
        await leaving.ask("the worker was told to end", deadlineSeconds: grace)
        logger.info("leaving", metadata: ["graceSeconds": "\(grace)"])
        let deadline = ContinuousClock.now + .seconds(grace + Self.exitGraceSeconds)
        while await !leaving.isDrained, ContinuousClock.now < deadline {
            if await leaving.solitude > .seconds(Self.solitudeSeconds) { break }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return }
        }
    }

    /// Asks to be drained while there is a notice.
    private func watchNotices(_ leaving: Leaving) async throws {
        var isNoticed = false
        while true {
            var notice: SpotNotice?
            for source in configuration.notices where notice == nil { notice = await SpotNotice.look(source) }
            if let notice, !isNoticed {
                logger.warning("notice", metadata: ["reason": "\(notice.reason)"])
                await leaving.ask(
                    notice.reason, deadlineSeconds: notice.secondsLeft ?? SpotNotice.usualSeconds)
            } else if notice == nil, isNoticed {
                logger.info("the notice is withdrawn")
                await leaving.stay()
            }
            isNoticed = notice != nil
            try await Task.sleep(for: .seconds(configuration.noticeSeconds))
        }
    }

    /// Leaves word for the hosts of programs what they may use.
    private static func writeSettings(_ configuration: WorkerConfiguration, sharedMemory: String) throws {
        var settings = configuration.programs
        settings.sharedMemory = sharedMemory
        settings.leaseFile = configuration.leaseFile
        try AttemptFolder.write(settings, to: configuration.settingsFile)
        // There is nothing secret in it, and runners of another user read it.
        chmod(configuration.settingsFile, 0o644)
    }

    /// The configuration with what jobs of another user need, where they run as one.
    private func withRooms() throws -> WorkerConfiguration {
        var configuration = configuration
        chmod(configuration.dataFolder, 0o700)
        guard let user = try JobUser(configuration.programs.runAs, job: "") else { return configuration }
        chmod(configuration.dataFolder, 0o711)
        let rooms = try JobRooms(
            dataFolder: configuration.dataFolder,
            name: "lockstep-\(token.clusterTag)-\(configuration.worker)",
            slots: configuration.slots, user: user)
        configuration.rooms = rooms
        configuration.programs.scratch = rooms.path
        configuration.daemonProgram = try rooms.reachable(configuration.daemonProgram, for: user)
        configuration.trainProgram = try rooms.reachable(configuration.trainProgram, for: user)
        return configuration
    }

    private func takeDataFolder() throws -> LockFile {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.attempts, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw LockstepError(.io, "cannot make the folder \(configuration.attempts)", cause: error)
        }
        return try LockFile(
            configuration.lockFile,
            conflict: "another worker runs on \(configuration.dataFolder): "
                + "stop it or choose another --data-dir")
    }

    private func stayConnected(_ session: WorkerSession) async throws {
        let peer = "the coordinator at \(configuration.coordinatorHost):\(configuration.coordinatorPort)"
        let start = ContinuousClock.now
        var pause = 0.1
        while !Task.isCancelled {
            do {
                try await ControlClient.withConnection(
                    host: configuration.coordinatorHost, port: configuration.coordinatorPort,
                    token: token, peer: peer
                ) { peer, inbox in try await session.run(peer, &inbox) }
                pause = 0.1
                logger.warning("the coordinator closed the connection")
            } catch let error as LockstepError where error.code == .denied || error.code == .usage {
                throw error
            } catch let error as LockstepError where error.code == .conflict {
                if ContinuousClock.now - start > .seconds(Self.conflictPatienceSeconds) { throw error }
                logger.warning("not admitted yet", metadata: ["reason": "\(error)"])
            } catch is CancellationError {
                return
            } catch {
                logger.warning("no connection", metadata: ["reason": "\(error)", "pauseSeconds": "\(pause)"])
            }
            await session.book.disconnected()
            await session.leaving.disconnected()
            session.lease.disconnected()
            try await Task.sleep(for: .seconds(pause))
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func endGangs(_ book: AttemptBook) async {
        await book.signalAll(SIGTERM)
        let deadline = ContinuousClock.now + .seconds(Self.exitGraceSeconds)
        while await book.hasGangs, ContinuousClock.now < deadline {
            _ = await book.collect()
            try? await Task.sleep(for: .milliseconds(50))
        }
        await book.signalAll(Supervisor.killSignal)
    }
}
