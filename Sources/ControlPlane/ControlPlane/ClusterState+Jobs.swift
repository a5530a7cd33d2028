import ClusterTypes
import Diagnostics
import JobLifecycle

extension ClusterState {
    mutating func create(_ creations: [JobCreation], _ time: Moment) throws(LockstepError) {
        if creations.count == 1 { return try create(creations[0], time) }
        for (index, creation) in creations.enumerated() {
            do { try create(creation, time) } catch { refusals[index] = error }
        }
    }

    private mutating func create(_ creation: JobCreation, _ time: Moment) throws(LockstepError) {
        let (draft, invocationID) = (creation.draft, creation.invocationID)
        if jobs[draft.name] != nil {
            // The same call once more is answered like the first time.
            if let invocationID, invocations[draft.name] == invocationID { return }
            throw LockstepError(
                .conflict, "a training job named \(draft.name) exists already: choose another name")
        }
        guard JobName.isWellFormed(draft.name.rawValue) else {
            throw LockstepError(
                .configuration,
                "TrainingJobName is \"\(draft.name)\": it must have 1 to 63 letters, digits and inner hyphens"
            )
        }
        guard draft.slotCount > 0, draft.policy.minimumSlots > 0 else {
            throw LockstepError(.configuration, "ResourceConfig.InstanceCount must be at least 1")
        }
        insert(LifecycleState(draft, at: time), invocationID: invocationID)
    }

    mutating func stop(_ name: JobName, _ time: Moment) throws(LockstepError) {
        guard let current = jobs[name] else {
            throw LockstepError(.notFound, "there is no training job named \(name)")
        }
        guard current.phase != .over else {
            throw LockstepError(
                .conflict,
                "the training job \(name) is \(current.record.status.rawValue) and cannot be stopped")
        }
        apply(.stopRequested, to: name, time)
    }

    /// A gang's events; those of a state that differs put their worker out of use.
    mutating func train(_ attempt: AttemptID, _ events: [TrainingEvent], _ time: Moment) {
        for event in events {
            apply(.training(attempt: attempt.number, event), to: attempt.job, time)
            guard event.kind == .failed, event.code == "diverged", let state = jobs[attempt.job],
                let gang = state.record.attempts.first(where: { $0.number == attempt.number })?.workers
            else { continue }
            for name in event.workers ?? [] where gang.contains(WorkerID(name)) {
                change(WorkerID(name)) {
                    $0.profile.quarantine =
                        "its state differed after step \(event.step.map { "\($0)" } ?? "?") of \(attempt.job)"
                }
                needsPlan = true
            }
        }
    }

    mutating func tick(_ time: Moment) {
        forgivePause(time.steady)
        let silent = workers.values.filter { !$0.isLost && time.steady - $0.lastHeard > leaseSeconds }
        for worker in silent.sorted(by: { $0.profile.id < $1.profile.id }) { lose(worker.profile.id, time) }
        if time.steady >= nextLimit { keepLimits(time) }
        for id in departing.sorted() {
            guard let deadline = workers[id]?.profile.departure?.deadline, time.steady >= deadline else {
                continue
            }
            for state in gangs(on: id) { apply(.overstayed(id), to: state.record.name, time) }
        }
        // Pauses end and gangs may grow by time alone.
        guard time.steady - lastLook >= Self.planInterval else { return }
        lastLook = time.steady
        forgetLongLost(time)
        needsPlan = true
    }

    /// A coordinator that stood still itself has heard nobody and accuses nobody: of what passes between two
    /// looks at the clock, a second counts.
    private mutating func forgivePause(_ now: Double) {
        let excess = lastTick.map { now - $0 - Self.longestPause } ?? 0
        lastTick = now
        guard excess > 0 else { return }
        for (id, worker) in workers where !worker.isLost {
            workers[id]?.lastHeard = min(now, worker.lastHeard + excess)
        }
    }

    /// Seconds between two looks at the clock that leases take notice of.
    static let longestPause = 1.0

    /// Asks jobs to stop that have reached a limit, and finds out when the next one will.
    private mutating func keepLimits(_ time: Moment) {
        nextLimit = .infinity
        for ordinal in Array(books.gangs) + Array(books.waiting) {
            let name = order[ordinal]
            if jobs[name]?.isClockDue(at: time.steady) ?? false { apply(.clock, to: name, time) }
            if let state = jobs[name] { nextLimit = min(nextLimit, state.nextClock) }
        }
    }

    /// How often the queue is looked at when nothing else asks for it, in seconds.
    static let planInterval = 0.25
}
