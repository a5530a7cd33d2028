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
/// time of one disk flush; that is the price of an answer that survives a crash.
package actor Coordinator {
    let configuration: CoordinatorConfiguration
    let logger: Logger
    let store: JobStore
    let clock: @Sendable () -> Double
    var cluster: ClusterState
    /// Workers' connections by number.
    var peers: [Int: ControlPeer] = [:]
    var nextConnection = 1
    private let folder: LockFile

    /// Opens the data folder and reads all that is known.
    ///
    /// - Parameter clock: seconds since 1970.
    /// - Throws: `.conflict` when another coordinator holds the folder.
    package init(
        _ configuration: CoordinatorConfiguration, logger: Logger,
        clock: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) throws {
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        folder = try DataFolder.take(configuration)
        store = try JobStore(path: configuration.storeFile)
        cluster = ClusterState(
            leaseSeconds: configuration.leaseSeconds, heartbeatSeconds: configuration.heartbeatSeconds,
            jobs: try store.jobs().map { ($0.state, $0.invocationID) }, workers: try store.workers(),
            at: clock())
    }

    /// Closes the store and gives the data folder free; nothing may be asked afterwards.
    package func close() throws {
        defer { folder.release() }
        try store.close()
    }

    /// Looks at the time: leases, limits, pauses before another attempt.
    package func tick() {
        do {
            try handle(.tick)
        } catch {
            logger.error("not stored", metadata: ["reason": "\(error)"])
        }
    }

    /// Applies an event: state, store, effects.
    ///
    /// - Throws: the event's refusal, or the store's failure; then nothing has changed.
    func handle(_ event: ClusterEvent) throws {
        let change = try cluster.handle(event, at: clock())
        if !change.isVolatile {
            do {
                try store.write { try Self.save(change, in: $0, of: event) }
            } catch {
                cluster.rollBack()
                throw error
            }
        }
        carryOut(change)
    }

    /// Writes all that an event has changed.
    static func save(_ change: ClusterChange, in transaction: StoreTransaction, of event: ClusterEvent) throws
    {
        for (old, new) in change.jobs {
            if let old {
                try transaction.save(new, replacing: old)
            } else if case .create(_, let invocationID) = event {
                try transaction.insert(new, invocationID: invocationID)
            }
        }
        for profile in change.profiles { try transaction.save(profile) }
        for id in change.forgotten { try transaction.forget(id) }
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
