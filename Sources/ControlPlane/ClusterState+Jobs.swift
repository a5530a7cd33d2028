import ClusterTypes
import Diagnostics
import JobLifecycle

extension ClusterState {
    mutating func create(
        _ draft: JobDraft, _ invocationID: String?, _ time: Double
    ) throws(LockstepError) {
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

    mutating func stop(_ name: JobName, _ time: Double) throws(LockstepError) {
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
    mutating func train(_ attempt: AttemptID, _ events: [TrainingEvent], _ time: Double) {
        for event in events {
            apply(.training(attempt: attempt.number, event), to: attempt.job, time)
            guard event.kind == .failed, event.code == "diverged", let state = jobs[attempt.job],
                let gang = state.record.attempts.first(where: { $0.number == attempt.number })?.workers
            else { continue }
            for name in event.workers ?? [] where gang.contains(WorkerID(name)) {
                change(WorkerID(name)) {
                    $0.profile.quarantine =
                        "its state differed after step \(event.step.map(String.init) ?? "?") of \(attempt.job)"
                }
                needsPlan = true
            }
        }
    }

    mutating func tick(_ time: Double) {
        for (id, worker) in workers.sorted(by: { $0.key < $1.key }) where !worker.isLost {
            if time - worker.lastHeard > leaseSeconds { lose(id, time) }
        }
        for state in jobsWithGang { apply(.clock, to: state.record.name, time) }
        for (id, worker) in workers.sorted(by: { $0.key < $1.key }) {
            guard let deadline = worker.profile.departure?.deadline, time >= deadline else { continue }
            for name in gangs(on: id) { apply(.overstayed(id), to: name, time) }
        }
        // Pauses end, limits are reached and gangs may grow by time alone.
        // A cluster so busy that every event makes a plan has to keep the limits too.
        guard time - lastSweep >= Self.planInterval else { return }
        lastSweep = time
        for ordinal in waiting.values {
            if jobs[order[ordinal]]?.isClockDue(at: time) ?? false { apply(.clock, to: order[ordinal], time) }
        }
        needsPlan = true
    }

    /// How often the queue is looked at when nothing else asks for it, in seconds.
    static let planInterval = 0.25

    /// Jobs with ranks on a worker, oldest first.
    func gangs(on id: WorkerID) -> [JobName] {
        jobsWithGang.filter { $0.record.attempts.last?.workers.contains(id) ?? false }.map(\.record.name)
    }
}
