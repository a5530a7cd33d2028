import ClusterTypes
import ControlChannel
import ControlPlane
import Diagnostics
import Foundation
import JobLifecycle
import JobStore
package import Logging
import Processes
import Wire

/// The shell around the cluster's state machine: stores what an event has changed, then does what
/// follows from it.
///
/// Every method runs from start to end without a suspension, so a change of state, its storage and the
/// orders that follow from it are one indivisible step. Writing to the store blocks the actor for the
/// time of one disk flush; that is the price of an answer that survives a crash. It has a thread of its own,
/// and signs of life do not come this way.
package actor Coordinator {
    let configuration: CoordinatorConfiguration
    let logger: Logger
    let store: JobStore
    nonisolated let clock: CoordinatorClock
    nonisolated let signs = SignsOfLife()
    private let executor = CoordinatorExecutor()
    /// When the store's last failure was logged, and when its clock was last stored.
    private var troubleLogged = -Double.infinity
    private var clockSaved = -Double.infinity
    private var collected = -Double.infinity
    var cluster: ClusterState
    /// Jobs that wait to be created, all at once: one disk flush and one plan serve them all.
    var creations: [PendingCreation] = []
    /// Workers' connections by number.
    var peers: [Int: ControlPeer] = [:]
    var nextConnection = 1
    private let folder: LockFile

    /// Opens the data folder and reads all that is known.
    ///
    /// - Throws: `.conflict` when another coordinator holds the folder.
    package init(
        _ configuration: CoordinatorConfiguration, logger: Logger,
        clock: CoordinatorClock = .system
    ) throws {
        self.configuration = configuration
        self.logger = logger
        folder = try DataFolder.take(configuration)
        store = try JobStore(path: configuration.storeFile)
        var clock = clock
        clock.goOn(from: try store.clock())
        self.clock = clock
        try store.write { try $0.save(clock.reading) }
        cluster = ClusterState(
            leaseSeconds: configuration.leaseSeconds, heartbeatSeconds: configuration.heartbeatSeconds,
            jobs: try Self.jobs(in: store, configuration, logger), workers: try store.workers(),
            at: clock.now)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Closes the store and gives the data folder free; nothing may be asked afterwards.
    package func close() throws {
        createPending()
        defer { folder.release() }
        // A store that cannot be written now is closed all the same.
        try? store.write { try $0.save(clock.reading) }
        try store.close()
    }

    /// Looks at the time: leases, limits, pauses before another attempt.
    package func tick() {
        do {
            if let news = try store.keepInPlace() {
                logger.error("job store", metadata: ["news": "\(news)"])
            }
            try handle(.lived(signs.take()))
            try handle(.tick)
            if clock.now.steady - collected >= Self.collectInterval {
                let isDone = try forget(Array(expired().prefix(Self.collectedAtOnce))).isEmpty
                if isDone, try !store.shrink() { collected = clock.now.steady }
            }
            if clock.now.steady - clockSaved >= Self.clockInterval {
                try store.write { try saveClock(in: $0) }
            }
        } catch {
            noteStoreTrouble(error)
        }
    }

    /// Jobs that need not be remembered any longer.
    ///
    /// - Parameter retention: `nil`: the coordinator's own.
    func expired(_ retention: Retention? = nil) -> [JobName] {
        cluster.collectable(retention ?? configuration.retention, at: clock.now.wall)
    }

    /// Forgets jobs that are over; a few at a time, so that nobody waits long.
    ///
    /// - Returns: those that were.
    /// - Throws: when the store cannot be written; then none is forgotten.
    func forget(_ names: [JobName]) throws -> [CollectedJob] {
        guard !names.isEmpty else { return [] }
        let jobs = try names.filter { cluster.jobs[$0]?.phase == .over }.map { try collected($0) }
        try handle(.collect(names))
        logger.info("old jobs forgotten", metadata: ["jobs": "\(jobs.count)"])
        return jobs
    }

    /// What is known of a job before it is forgotten.
    func collected(_ name: JobName) throws -> CollectedJob {
        CollectedJob(name: name, bytes: try store.bytes(of: name))
    }

    /// Tells, now and then, that something could not be stored.
    func noteStoreTrouble(_ error: any Error) {
        let now = clock.now.steady
        guard now - troubleLogged >= Self.troubleInterval else { return }
        troubleLogged = now
        logger.error("not stored", metadata: ["reason": "\(error)"])
    }

    /// How often old jobs are looked for, in seconds.
    static let collectInterval = 600.0
    /// Jobs that are forgotten in one piece.
    static let collectedAtOnce = 16
    /// How often a lasting trouble of the store is logged, in seconds.
    static let troubleInterval = 10.0
    /// How often the time is stored at most, with other changes, and at least, in seconds.
    static let clockPause = 5.0
    static let clockInterval = 30.0

    /// Applies an event: state, store, effects.
    ///
    /// - Throws: the event's refusal, or the store's failure; then nothing has changed.
    @discardableResult
    func handle(_ event: ClusterEvent) throws -> ClusterChange {
        let change = try cluster.handle(event, at: clock.now)
        if !change.isVolatile {
            do {
                try store.write {
                    try Self.save(change, in: $0)
                    try saveClock(in: $0)
                }
            } catch {
                cluster.rollBack()
                throw error
            }
        }
        carryOut(change)
        return change
    }

    /// Writes all that an event has changed.
    static func save(_ change: ClusterChange, in transaction: StoreTransaction) throws {
        for (old, new) in change.jobs {
            if let old {
                try transaction.save(new, replacing: old)
            } else {
                try transaction.insert(new, invocationID: change.invocations[new.record.name])
            }
        }
        for profile in change.profiles { try transaction.save(profile) }
        for id in change.forgotten { try transaction.forget(id) }
        for name in change.collected { try transaction.remove(name) }
    }

    /// Leaves word of the time with a change, now and then.
    private func saveClock(in transaction: StoreTransaction) throws {
        let reading = clock.reading
        guard reading.steady - clockSaved >= Self.clockPause else { return }
        try transaction.save(reading)
        clockSaved = reading.steady
    }

    /// Does what follows from a change that is stored.
    func carryOut(_ change: ClusterChange) {
        for effect in change.effects {
            switch effect {
            case .send(let message, _, let connection): peers[connection]?.send(message)
            case .close(let connection):
                peers[connection]?.close()
                peers[connection] = nil
            }
        }
        for (old, new) in change.jobs { log(new, old) }
        for profile in change.profiles { log(profile) }
        for id in change.forgotten { logger.info("worker forgotten", metadata: ["worker": "\(id)"]) }
    }

    private func log(_ state: LifecycleState, _ old: LifecycleState?) {
        guard let transition = state.record.transitions.last, transition != old?.record.transitions.last
        else { return }
        logger.info(
            "job status",
            metadata: [
                "job": "\(state.record.name)", "status": "\(transition.status.rawValue)",
                "attempt": "\(state.attempt)", "message": "\(transition.message)",
            ])
    }

    private func log(_ profile: WorkerProfile) {
        if let reason = profile.quarantine {
            logger.error("worker quarantined", metadata: ["worker": "\(profile.id)", "reason": "\(reason)"])
        } else if let departure = profile.departure {
            logger.info(
                "worker drained", metadata: ["worker": "\(profile.id)", "reason": "\(departure.reason)"])
        }
    }
}
