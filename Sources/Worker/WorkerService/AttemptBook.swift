import ClusterTypes
import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Logging
import Processes
import ProgramContract
import Storage
import Wire

/// The attempts a worker supervises: starts and signals their supervisors, follows their files, and
/// finds them again after a restart of the daemon.
actor AttemptBook {
    private let configuration: WorkerConfiguration
    private let logger: Logger
    /// Signs what completed attempts leave; `nil`: nothing is signed.
    private let signer: CertificateSigner?
    private var attempts: [AttemptID: SupervisedAttempt] = [:]
    /// The coordinator's lease less the time it may take to notice: a gang whose worker is gone ends
    /// before the coordinator starts the next one.
    private var abandonSeconds = 3.0
    private var fenceSeconds: Double?
    /// When old attempts are looked for again, in seconds since 1970.
    private var nextPrune = 0.0

    /// What a loaded machine may take to end a gang.
    static let abandonMarginSeconds = 1.0
    private lazy var launcherVersion = LauncherVersion.find()

    /// Bytes of lines in one frame; a piece of a stream fits in any case.
    private static let frameBytes = 4 << 20

    init(_ configuration: WorkerConfiguration, signer: CertificateSigner? = nil, logger: Logger) {
        self.configuration = configuration
        self.signer = signer
        self.logger = logger
    }

    /// Attempts whose end the coordinator has not acknowledged.
    var known: [AttemptID] { attempts.keys.sorted { "\($0)" < "\($1)" } }

    /// Whether a supervisor runs.
    var hasGangs: Bool { attempts.values.contains { $0.end == nil } }

    /// Finds the attempts of an earlier run of the daemon.
    func adopt() throws {
        for folder in Self.folders(in: configuration.attempts) where !folder.isSettled {
            let attempt = try SupervisedAttempt(adopting: folder)
            attempts[folder.attempt] = attempt
            logger.info(
                "attempt found again",
                metadata: ["attempt": "\(folder.attempt)", "isRunning": "\(attempt.isAlive)"])
        }
    }

    func setLease(seconds: Double, heartbeat: Double) {
        abandonSeconds = max(0.5, seconds - heartbeat - Self.abandonMarginSeconds)
        fenceSeconds = LeaseFile.fence(lease: seconds)
    }

    /// Starts the attempt, unless it is known already.
    ///
    /// - Returns: what to tell the coordinator.
    func launch(_ order: LaunchOrder) -> ControlMessage? {
        let folder = AttemptFolder(order.attempt, in: configuration.attempts)
        // A settled one belongs to a job that was forgotten and whose name is another's now.
        if attempts[order.attempt] == nil, folder.isSettled { try? FileSystem.remove(folder.path) }
        if attempts[order.attempt] == nil, folder.exists {
            attempts[order.attempt] = try? SupervisedAttempt(adopting: folder)
        }
        if attempts[order.attempt] != nil { return .running(order.attempt) }
        do {
            attempts[order.attempt] = try start(order, folder)
            logger.info(
                "attempt started",
                metadata: [
                    "attempt": "\(order.attempt)", "ranks": "\(order.gang.reduce(0) { $0 + $1.ranks })",
                ])
            return .running(order.attempt)
        } catch {
            logger.error(
                "attempt not started", metadata: ["attempt": "\(order.attempt)", "reason": "\(error)"])
            let isUsersToFix = (error as? LockstepError)?.code.isUsersToFix ?? false
            return isUsersToFix
                ? Self.refused(order.attempt, error) : Self.neverStarted(order.attempt, "\(error)")
        }
    }

    /// Asks the gang to commit and leave.
    func stop(_ id: AttemptID) -> ControlMessage? { signal(id, SIGTERM) }

    /// Ends the gang now.
    func kill(_ id: AttemptID) -> ControlMessage? {
        attempts[id]?.killDeadline = Date().timeIntervalSince1970 + 5
        return signal(id, Supervisor.killSignal)
    }

    func signalAll(_ signal: Int32) {
        for id in attempts.keys { attempts[id]?.signal(signal) }
    }

    /// Looks at every attempt once.
    ///
    /// - Returns: the messages that are due: new lines, and ends whose lines are all stored.
    func collect() -> [ControlMessage] {
        var chunks: [LineChunk] = []
        var messages: [ControlMessage] = []
        for id in attempts.keys {
            let wasOver = attempts[id]?.end != nil
            attempts[id]?.observe(logger)
            if !wasOver, let attempt = attempts[id], attempt.isCompleted { sign(attempt.folder) }
            chunks += attempts[id]?.nextChunks() ?? []
            if let end = attempts[id]?.dueEnd() {
                messages.append(.ended(id, end: (try? Array(JSONEncoder().encode(end))) ?? []))
            }
        }
        prune()
        return Self.frames(chunks).map { .lines($0) } + messages
    }

    /// `chunks` in portions that fit into frames.
    static func frames(_ chunks: [LineChunk]) -> [[LineChunk]] {
        var frames: [[LineChunk]] = []
        var bytes = 0
        for chunk in chunks {
            if frames.isEmpty || bytes + chunk.data.count > frameBytes {
                frames.append([])
                bytes = 0
            }
            frames[frames.count - 1].append(chunk)
            bytes += chunk.data.count
        }
        return frames
    }

    /// Before the coordinator hears of the end: whoever looks at a completed job finds it signed.
    private func sign(_ folder: AttemptFolder) {
        do {
            if try signer?.sign(folder, user: configuration.user(of: folder.attempt.job)) == true {
                logger.info("certificate signed", metadata: ["attempt": "\(folder.attempt)"])
            }
        } catch {
            logger.warning(
                "certificate not signed",
                metadata: ["attempt": "\(folder.attempt)", "reason": "\(error)"])
        }
    }

    func received(_ marks: [LineMark]) {
        for mark in marks { attempts[mark.attempt]?.received(mark) }
    }

    func settled(_ id: AttemptID) {
        guard let attempt = attempts.removeValue(forKey: id) else { return }
        do {
            try AtomicFile.write([], to: attempt.folder.settledFile)
        } catch {
            logger.warning(
                "attempt not marked as settled", metadata: ["attempt": "\(id)", "reason": "\(error)"])
        }
        attempt.leaveRoom()
    }

    func disconnected() {
        for id in attempts.keys { attempts[id]?.disconnected() }
    }

    private func start(_ order: LaunchOrder, _ folder: AttemptFolder) throws -> SupervisedAttempt {
        let user = try configuration.user(of: order.attempt.job)
        guard !order.spec.isEmpty else {
            throw LockstepError(
                .configuration,
                "the coordinator sent no specification of job \(order.attempt.job): it is of an earlier "
                    + "release, or could not read the job's request")
        }
        let job = try JobSpec(decoding: order.spec, source: "the order for attempt \(order.attempt)")
        try user.access { try configuration.access.check(job) }
        let plan = LaunchPlan(
            job: order.attempt.job, number: order.attempt.number, gang: order.gang,
            environment: order.environment, trainProgram: configuration.trainProgram,
            daemonProgram: configuration.daemonProgram, tokenFile: configuration.tokenFile,
            workerLock: configuration.lockFile, abandonSeconds: abandonSeconds,
            leaseFile: configuration.leaseFile, fenceSeconds: fenceSeconds,
            graceSeconds: configuration.graceSeconds, minimumRanks: order.minimumRanks,
            launcherVersion: launcherVersion,
            runAs: user == nil ? nil : configuration.programs.runAs,
            rooms: user == nil ? nil : configuration.rooms?.path,
            ownProgram: try ProgramLaunch(
                job, order, images: configuration.images, graceSeconds: configuration.graceSeconds),
            requestDigest: Checksum.sha256(order.request))
        try folder.create(plan, spec: order.spec)
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let log = open(folder.path + "/supervisor.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { for descriptor in [null, log] { close(descriptor) } }
        var environment = configuration.environment(for: user)
        environment[GangCommand.marker] = folder.path
        environment[WorkerSettings.variable] = configuration.settingsFile
        let pid = try ChildProcess.spawn(
            [configuration.daemonProgram, "supervise", "--attempt-dir", folder.path],
            environment: environment, input: null, output: log, error: log, newSession: true)
        return SupervisedAttempt(folder: folder, plan: plan, child: pid)
    }

    private func signal(_ id: AttemptID, _ signal: Int32) -> ControlMessage? {
        guard attempts[id] != nil else {
            return Self.neverStarted(id, "the worker knows nothing of this attempt")
        }
        attempts[id]?.signal(signal)
        return nil
    }

    private static func neverStarted(_ id: AttemptID, _ message: String) -> ControlMessage {
        var end = AttemptEnd(.notStarted, status: 70, time: Date().timeIntervalSince1970)
        end.message = message
        return .ended(id, end: (try? Array(JSONEncoder().encode(end))) ?? [])
    }

    /// The job asks for something that this worker cannot give: no other attempt helps.
    private static func refused(_ id: AttemptID, _ error: any Error) -> ControlMessage {
        let failure = error as? LockstepError
        let status = failure?.code.exitCode ?? LockstepError.Code.configuration.exitCode
        var end = AttemptEnd(.exited, status: status, time: Date().timeIntervalSince1970)
        end.code = failure?.code.rawValue
        end.message = "\(error)"
        return .ended(id, end: (try? Array(JSONEncoder().encode(end))) ?? [])
    }

    /// The coordinator has forgotten a job.
    func forget(_ job: JobName) {
        guard JobName.isWellFormed(job.rawValue) else { return }
        AttemptRetention.forget(job: "\(configuration.attempts)/\(job)")
    }

    /// Now and then, removes settled attempts that are not kept, and what is empty.
    private func prune() {
        let now = Date().timeIntervalSince1970
        guard now >= nextPrune else { return }
        nextPrune = now + Self.pruneInterval
        configuration.retention.apply(in: configuration.attempts, at: now)
    }

    /// How often folders of old attempts are looked for, in seconds.
    private static let pruneInterval = 600.0

    private static func folders(in attempts: String) -> [AttemptFolder] {
        let manager = FileManager.default
        let jobs = (try? manager.contentsOfDirectory(atPath: attempts)) ?? []
        return jobs.sorted().flatMap { job in
            let numbers = (try? manager.contentsOfDirectory(atPath: "\(attempts)/\(job)")) ?? []
            return numbers.compactMap { Int($0) }.sorted()
                .map { AttemptFolder(AttemptID(job: JobName(job), number: $0), in: attempts) }
                .filter(\.exists)
        }
    }
}
