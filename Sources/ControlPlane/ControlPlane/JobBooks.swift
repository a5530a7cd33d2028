import ClusterTypes
import JobLifecycle
import Scheduling

/// Who waits, who runs and where, entered and struck job by job, so that no event has to look at all jobs.
///
/// Jobs go by their ordinals, which are their ages.
struct JobBooks: Sendable, Equatable {
    /// Jobs that wait for slots, and jobs that have a gang.
    private(set) var waiting = OrdinalSet()
    private(set) var gangs = OrdinalSet()
    /// Slots that gangs hold on each worker.
    private(set) var taken: [WorkerID: Int] = [:]
    /// Jobs with ranks on each worker.
    private(set) var onWorker: [WorkerID: [Int]] = [:]
    private(set) var queue = JobQueue()
    /// Gangs that have been asked to leave, and those that could use more slots.
    private(set) var leaving = OrdinalSet()
    private(set) var growing = OrdinalSet()
    /// Gangs that may be asked to make room, by their jobs' priorities.
    private(set) var preemptible: [Int: OrdinalSet] = [:]

    mutating func enter(_ state: LifecycleState, _ ordinal: Int) {
        guard state.phase != .over else { return }
        guard state.hasGang else {
            waiting.insert(ordinal)
            return queue.enter(Self.waitingJob(state), age: ordinal, notBefore: state.notBefore)
        }
        gangs.insert(ordinal)
        let workers = state.record.attempts.last?.workers ?? []
        for (rank, worker) in workers.enumerated() {
            taken[worker, default: 0] += 1
            if !workers[..<rank].contains(worker) { onWorker[worker, default: []].append(ordinal) }
        }
        if state.isLeaving {
            leaving.insert(ordinal)
        } else {
            if Self.couldGrow(state) { growing.insert(ordinal) }
            if Self.isPreemptible(state) {
                preemptible[state.policy.priority, default: OrdinalSet()].insert(ordinal)
            }
        }
    }

    mutating func strike(_ state: LifecycleState, _ ordinal: Int) {
        guard state.phase != .over else { return }
        guard state.hasGang else {
            waiting.remove(ordinal)
            return queue.strike(age: ordinal)
        }
        gangs.remove(ordinal)
        leaving.remove(ordinal)
        growing.remove(ordinal)
        let priority = state.policy.priority
        preemptible[priority]?.remove(ordinal)
        if preemptible[priority]?.isEmpty ?? false { preemptible[priority] = nil }
        for worker in state.record.attempts.last?.workers ?? [] {
            let left = taken[worker, default: 0] - 1
            taken[worker] = left == 0 ? nil : left
            onWorker[worker]?.removeAll { $0 == ordinal }
            if onWorker[worker]?.isEmpty ?? false { onWorker[worker] = nil }
        }
    }

    /// Jobs with ranks on a worker, oldest first.
    func gangs(on id: WorkerID) -> [Int] { (onWorker[id] ?? []).sorted() }

    /// The same books, however they came about.
    var sorted: JobBooks {
        var copy = self
        copy.onWorker = onWorker.mapValues { $0.sorted() }
        return copy
    }

    private static func couldGrow(_ state: LifecycleState) -> Bool {
        (state.record.attempts.last?.slotWorkers.count ?? 0) < state.slotRange.upperBound
    }

    static func isPreemptible(_ state: LifecycleState) -> Bool {
        state.policy.isPreemptible && !state.isProtected
    }

    private static func waitingJob(_ state: LifecycleState) -> WaitingJob {
        let wish: WaitingJob.KeeperWish =
            switch state.policy.keeper {
            case .never: .never
            case .always: .always
            case .whenAllSpot: .whenAllSpot
            }
        return WaitingJob(
            name: state.record.name, slots: state.slotRange, priority: state.policy.priority,
            passedOver: state.passedOver, usesSpot: state.policy.usesSpot, keeper: wish)
    }
}
