import ClusterTypes
import ControlChannel
import Diagnostics
import Foundation
import JobLifecycle
import JobStore
package import Logging
import Processes
import Scheduling
import Wire

/// The cluster's memory and will: holds every job's state machine, stores each change before anything
/// follows from it, and talks to the workers.
///
/// Every method runs from start to end without a suspension, so a change of state, its storage and the
/// orders that follow from it are one indivisible step. Writing to the store blocks the actor for the
/// time of one disk flush; that is the price of an answer that survives a crash.
package actor Coordinator {
    let configuration: CoordinatorConfiguration
    let logger: Logger
    let store: JobStore
    let clock: @Sendable () -> Double
    var jobs: [JobName: LifecycleState] = [:]
    /// Names in the order of creation.
    var order: [JobName] = []
    /// Names of the jobs that are not over, in the order of creation.
    var active: [JobName] = []
    var invocations: [JobName: String] = [:]
    var workers: [WorkerID: ConnectedWorker] = [:]
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
        for job in try store.jobs() {
            let name = job.state.record.name
            jobs[name] = job.state
            order.append(name)
            if job.state.phase != .over { active.append(name) }
            invocations[name] = job.invocationID
        }
        // A coordinator that comes back gives its workers a whole lease to do the same.
        let now = clock()
        for worker in try store.workers() {
            workers[worker.id] = ConnectedWorker(stored: worker, lastHeard: now)
        }
    }

    /// Closes the store and gives the data folder free; nothing may be asked afterwards.
    package func close() throws {
        defer { folder.release() }
        try store.close()
    }

    /// Looks at the time: leases, longest running times, pauses before another attempt.
    package func tick() {
        let now = clock()
        for (id, worker) in workers where !worker.isLost {
            if now - worker.lastHeard > configuration.leaseSeconds { lose(id) }
        }
        for name in active { perform(.clock, on: name) }
        schedule()
    }

    /// Applies one event to one job, stores the result and follows the commands.
    func perform(_ event: JobEvent, on name: JobName) {
        guard let old = jobs[name] else { return }
        var state = old
        let commands = state.apply(event, at: clock())
        if state != old {
            guard save(state, replacing: old) else { return }
        }
        follow(commands, of: state)
    }

    func save(_ state: LifecycleState, replacing old: LifecycleState) -> Bool {
        do {
            try store.write { try $0.save(state, replacing: old) }
            jobs[state.record.name] = state
            if state.phase == .over { active.removeAll { $0 == state.record.name } }
            logProgress(state, old)
            return true
        } catch {
            // The event is lost for now; the clock, or the worker's next report, brings it again.
            logger.error(
                "job state not stored", metadata: ["job": "\(state.record.name)", "reason": "\(error)"])
            return false
        }
    }

    func follow(_ commands: [JobCommand], of state: LifecycleState) {
        for command in commands {
            let number =
                switch command {
                case .launch(let n), .stop(let n), .kill(let n): n
                }
            guard let attempt = state.record.attempts.first(where: { $0.number == number }),
                let supervisor = attempt.workers.first
            else { continue }
            let id = AttemptID(job: state.record.name, number: number)
            switch command {
            case .launch:
                guard let order = launchOrder(state, attempt) else { continue }
                workers[supervisor]?.peer?.send(.launch(order))
            case .stop: workers[supervisor]?.peer?.send(.stop(id))
            case .kill: workers[supervisor]?.peer?.send(.kill(id))
            }
        }
    }

    /// Gives waiting jobs the free slots.
    func schedule() {
        let now = clock()
        let waiting = active.filter { jobs[$0]?.wantsSlots(at: now) ?? false }
        guard !waiting.isEmpty else { return }
        let queue = waiting.compactMap { name in
            jobs[name].map {
                WaitingJob(name: name, slotCount: $0.record.slotCount, passedOver: $0.passedOver)
            }
        }
        let plan = Scheduler.plan(rooms: rooms(), queue: queue)
        for (index, name) in waiting.enumerated() {
            if var state = jobs[name], state.passedOver != plan.passedOver[index] {
                let old = state
                state.passedOver = plan.passedOver[index]
                _ = save(state, replacing: old)
            }
            switch plan.decisions[index] {
            case .place(let gang): perform(.placed(gang), on: name)
            case .wait(let reason): perform(.waits(reason: reason), on: name)
            }
        }
    }

    /// Slots of the workers that are there, less those of gangs that exist or may still exist.
    func rooms() -> [WorkerRoom] {
        workers.values.filter(\.isReady).sorted { $0.stored.id < $1.stored.id }.map { worker in
            WorkerRoom(
                worker: worker.stored.id, address: worker.stored.address, slots: worker.stored.slots,
                freeSlots: freeSlots(of: worker))
        }
    }

    func freeSlots(of worker: ConnectedWorker) -> Int {
        var taken = 0
        for case let state? in active.map({ jobs[$0] }) where state.hasGang {
            taken += state.record.attempts.last?.workers.count { $0 == worker.stored.id } ?? 0
        }
        for other in workers.values {
            for id in other.abandoned {
                let attempt = jobs[id.job]?.record.attempts.first { $0.number == id.number }
                taken += attempt?.workers.count { $0 == worker.stored.id } ?? 0
            }
        }
        return max(0, worker.stored.slots - taken)
    }

    private func launchOrder(_ state: LifecycleState, _ attempt: AttemptRecord) -> LaunchOrder? {
        var gang: [GangMember] = []
        // The supervising worker's node comes first: mpirun runs there, and rank 0 with it.
        for id in attempt.workers {
            if let last = gang.indices.last, gang[last].worker == id {
                gang[last].ranks += 1
            } else {
                guard let worker = workers[id] else { return nil }
                gang.append(
                    GangMember(
                        worker: id, address: worker.stored.address, launchPort: worker.stored.launchPort,
                        ranks: 1))
            }
        }
        return LaunchOrder(
            attempt: AttemptID(job: state.record.name, number: attempt.number),
            request: Array(state.record.requestJSON.utf8), gang: gang,
            environment: RequestEnvironment.variables(ofRequest: state.record.requestJSON))
    }

    private func logProgress(_ state: LifecycleState, _ old: LifecycleState) {
        guard let transition = state.record.transitions.last, transition != old.record.transitions.last else {
            return
        }
        logger.info(
            "job status",
            metadata: [
                "job": "\(state.record.name)", "status": "\(transition.status.rawValue)",
                "attempt": "\(state.attempt)", "message": "\(transition.message)",
            ])
    }
}
