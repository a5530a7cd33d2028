package import ClusterTypes
import JobLifecycle
import Scheduling

extension ClusterState {
    /// How long a gang trains before it is asked to grow, in seconds: every change costs a restart.
    static let growPauseSeconds = 2.0

    /// Gives waiting jobs the free slots, and asks gangs to grow or to make room.
    mutating func plan(_ time: Double) {
        needsPlan = false
        let queue = waiting.values.compactMap { jobs[order[$0]] }.filter { $0.wantsSlots(at: time) }
        let running = jobsWithGang.map { runningJob($0, time) }
        guard !queue.isEmpty || running.contains(where: \.mayGrow) else { return }
        let plan = Scheduler.plan(rooms: rooms(), queue: queue.map(Self.waitingJob), running: running)
        for (name, count) in plan.passedOver.sorted(by: { $0.key < $1.key }) {
            guard let old = jobs[name] else { continue }
            var state = old
            state.passedOver = count
            replace(old, by: state)
        }
        for name in queue.map(\.record.name) {
            switch plan.decisions[name] {
            case .place(let gang, let hasKeeper): apply(.placed(gang, hasKeeper: hasKeeper), to: name, time)
            case .wait(let reason): apply(.waits(reason: reason), to: name, time)
            case nil: apply(.waits(reason: "waiting behind earlier jobs"), to: name, time)
            }
        }
        for request in plan.requests {
            switch request {
            case .makeRoom(let name, let other): apply(.yield(.preempt(by: other)), to: name, time)
            case .grow(let name): apply(.yield(.grow), to: name, time)
            }
        }
        // What this plan has changed does not call for another one at once.
        needsPlan = false
    }

    /// Slots of the workers that are there, less those of gangs that exist or may still exist.
    private func rooms() -> [WorkerRoom] {
        let abandoned = abandonedSlots()
        return workers.values.filter(\.isReady).sorted { $0.profile.id < $1.profile.id }.map {
            let id = $0.profile.id
            let used = taken[id, default: 0] + abandoned[id, default: 0]
            return WorkerRoom(
                worker: id, address: $0.profile.address, kind: $0.profile.kind, slots: $0.profile.slots,
                freeSlots: max(0, $0.profile.slots - used))
        }
    }

    /// Slots of a worker that no gang holds.
    package func freeSlots(_ id: WorkerID) -> Int {
        max(0, (workers[id]?.profile.slots ?? 0) - takenSlots(id))
    }

    func takenSlots(_ id: WorkerID) -> Int { taken[id, default: 0] + abandonedSlots()[id, default: 0] }

    /// Slots of attempts that have been given up and may still run.
    private func abandonedSlots() -> [WorkerID: Int] {
        var slots: [WorkerID: Int] = [:]
        for worker in workers.values {
            for attempt in worker.abandoned {
                let record = jobs[attempt.job]?.record.attempts.first { $0.number == attempt.number }
                for id in record?.workers ?? [] { slots[id, default: 0] += 1 }
            }
        }
        return slots
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

    private func runningJob(_ state: LifecycleState, _ time: Double) -> RunningJob {
        let attempt = state.record.attempts.last
        let start = attempt?.startTime ?? time
        let count = attempt?.slotWorkers.count ?? 0
        return RunningJob(
            name: state.record.name, count: count, most: state.slotRange.upperBound,
            priority: state.policy.priority, usesSpot: state.policy.usesSpot,
            isPreemptible: state.policy.isPreemptible && !state.isProtected, isLeaving: state.isLeaving,
            mayGrow: count < state.slotRange.upperBound && attempt?.lastStep != nil
                && time - max(start, attempt?.shrinkTime ?? start) >= Self.growPauseSeconds,
            startTime: start)
    }
}
