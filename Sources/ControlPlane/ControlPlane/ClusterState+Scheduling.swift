package import ClusterTypes
import JobLifecycle
import Scheduling

extension ClusterState {
    /// How long a gang trains before it is asked to grow, in seconds: every change costs a restart.
    static let growPauseSeconds = 2.0
    /// A queue longer than this is told only now and then why it waits: every reason is a durable write.
    static let longQueue = 64
    /// How often a job of a long queue is told, in seconds.
    static let reasonInterval = 2.0

    /// Gives waiting jobs the free slots, and asks gangs to grow or to make room.
    mutating func plan(_ time: Moment) {
        needsPlan = false
        refreshRooms()
        guard !books.waiting.isEmpty || !books.growing.isEmpty else { return }
        let changed = changedJobs
        let plan = Scheduler.plan(
            rooms: &rooms, queue: books.queue, at: time.steady,
            running: Self.running(jobs, order, books, time.steady))
        staleRooms.formUnion(rooms.takeTouched())
        for (name, count) in plan.passedOver.sorted(by: { $0.key < $1.key }) {
            guard let old = jobs[name] else { continue }
            var state = old
            state.passedOver = count
            replace(old, by: state)
        }
        let isLong = books.waiting.count > Self.longQueue
        for step in plan.steps {
            switch step.decision {
            case .place(let gang, let hasKeeper):
                apply(.placed(gang, hasKeeper: hasKeeper), to: step.job, time)
            case .wait(let reason):
                tell(step.job, reason, isPatient: isLong && !changed.contains(step.job), time)
            }
        }
        for name in changed.sorted() where !plan.steps.contains(where: { $0.job == name }) {
            guard let state = jobs[name], state.wantsSlots(at: time.steady) else { continue }
            apply(.waits(reason: "waiting behind earlier jobs"), to: name, time)
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

    /// Tells a job why it waits.
    private mutating func tell(_ name: JobName, _ reason: String, isPatient: Bool, _ time: Moment) {
        if isPatient, let last = reasonTimes[name], time.steady - last < Self.reasonInterval { return }
        if books.waiting.count > Self.longQueue { reasonTimes[name] = time.steady }
        apply(.waits(reason: reason), to: name, time)
    }

    /// Brings the rooms of workers up to date of which something has changed: slots of the workers that
    /// are there, less those of gangs that exist or may still exist.
    private mutating func refreshRooms() {
        guard !staleRooms.isEmpty else { return }
        let abandoned = abandonedSlots()
        for id in staleRooms {
            guard let worker = workers[id], worker.isReady else {
                rooms.remove(id)
                continue
            }
            let used = books.taken[id, default: 0] + abandoned[id, default: 0]
            rooms.set(
                WorkerRoom(
                    worker: id, address: worker.profile.address, kind: worker.profile.kind,
                    slots: worker.profile.slots, freeSlots: max(0, worker.profile.slots - used)))
        }
        staleRooms.removeAll(keepingCapacity: true)
    }

    /// Slots of a worker that no gang holds.
    package func freeSlots(_ id: WorkerID) -> Int {
        max(0, (workers[id]?.profile.slots ?? 0) - takenSlots(id))
    }

    func takenSlots(_ id: WorkerID) -> Int { books.taken[id, default: 0] + abandonedSlots()[id, default: 0] }

    /// Slots of attempts that have been given up and may still run.
    private func abandonedSlots() -> [WorkerID: Int] {
        var slots: [WorkerID: Int] = [:]
        for supervisor in abandoning {
            for attempt in workers[supervisor]?.abandoned ?? [] {
                for id in members(attempt) { slots[id, default: 0] += 1 }
            }
        }
        return slots
    }

    private static func running(
        _ jobs: [JobName: LifecycleState], _ order: [JobName], _ books: JobBooks, _ time: Double
    ) -> RunningJobs {
        func running(_ ordinals: some Sequence<Int>) -> [RunningJob] {
            ordinals.compactMap { jobs[order[$0]].map { runningJob($0, time) } }
        }
        return RunningJobs(
            leaving: running(books.leaving), lowestPriority: books.preemptible.keys.min(),
            preemptible: { running(books.preemptible.values.flatMap { Array($0) }.sorted()) },
            growing: { running(books.growing).filter(\.mayGrow) })
    }

    private static func runningJob(_ state: LifecycleState, _ time: Double) -> RunningJob {
        let attempt = state.record.attempts.last
        let start = attempt?.begin ?? time
        let count = attempt?.slotWorkers.count ?? 0
        return RunningJob(
            name: state.record.name, count: count, most: state.slotRange.upperBound,
            priority: state.policy.priority, usesSpot: state.policy.usesSpot,
            isPreemptible: JobBooks.isPreemptible(state), isLeaving: state.isLeaving,
            mayGrow: count < state.slotRange.upperBound && attempt?.lastStep != nil
                && time - max(start, attempt?.shrinkTime ?? start) >= Self.growPauseSeconds,
            startTime: start)
    }
}
