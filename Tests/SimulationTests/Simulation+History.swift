import ClusterTypes
import ControlPlane
import JobLifecycle

/// What is remembered: histories, the store, and the end of a run.
extension Simulation {
    func checkHistory(_ old: LifecycleState?, _ new: LifecycleState) throws(Violation) {
        let record = new.record
        let name = record.name
        if let old {
            let isLegal =
                switch old.record.status {
                case .inProgress: true
                case .stopping: record.status != .inProgress
                case .completed, .failed, .stopped: record.status == old.record.status
                }
            guard isLegal else {
                throw violation(.legalHistory, "\(name) went from \(old.record.status) to \(record.status)")
            }
            guard old.record.attempts.count <= record.attempts.count,
                old.record.transitions.count <= record.transitions.count,
                old.record.lastModifiedTime <= record.lastModifiedTime
            else { throw violation(.legalHistory, "\(name) has lost a part of its history") }
        }
        guard record.status.isTerminal == (new.phase == .over) else {
            throw violation(.legalHistory, "\(name) is \(record.status) in phase \(new.phase)")
        }
        try checkAttempts(new)
        let changed = max(0, (old?.record.transitions.count ?? 1) - 1)
        for index in changed..<record.transitions.count {
            let transition = record.transitions[index]
            let isLast = index == record.transitions.count - 1
            let end = transition.endTime ?? (isLast ? latestWall : -1)
            let next = isLast ? end : record.transitions[index + 1].startTime
            guard transition.startTime <= end, end == next, transition.startTime >= record.creationTime else {
                throw violation(.legalHistory, "\(name)'s status \(transition.status) has impossible times")
            }
        }
    }

    private func checkAttempts(_ state: LifecycleState) throws(Violation) {
        var time = state.record.creationTime
        for (index, attempt) in state.record.attempts.enumerated() {
            let isCurrent = state.hasGang && index == state.record.attempts.count - 1
            guard attempt.number == index + 1, attempt.startTime >= time,
                (attempt.endTime == nil) == isCurrent, (attempt.outcome == nil) == isCurrent,
                attempt.endTime ?? latestWall >= attempt.startTime
            else {
                throw violation(
                    .legalHistory, "attempt \(attempt.number) of \(state.record.name) is out of order")
            }
            time = attempt.endTime ?? latestWall
        }
    }

    func checkStored(_ name: JobName) throws(Violation) {
        guard let row = store.rows[name], let live = cluster.jobs[name], row.whole == live else {
            throw violation(.storedIsLive, "\(name) is stored otherwise than it is known")
        }
    }

    /// Everything, now and then.
    func checkStore() throws(Violation) {
        guard isCoordinatorUp else { return }
        try checkMemory()
        for profile in store.profiles.values where cluster.workers[profile.id]?.profile != profile {
            throw violation(.storedIsLive, "the profile of \(profile.id) is stored otherwise")
        }
    }

    /// Limits are kept in time, and gangs are not started over and over.
    func checkPace() throws(Violation) {
        let isAwake = now - max(upSince, diskFullUntil, stalledUntil) > 2 && isCoordinatorUp
        guard isAwake else {
            dueSince = [:]
            return
        }
        // Since when it has been seen to be due: a state cannot be asked what it was a while ago.
        for (name, state) in cluster.jobs {
            guard state.isClockDue(at: now) else {
                dueSince[name] = nil
                continue
            }
            let since = dueSince[name] ?? now
            dueSince[name] = since
            guard now - since <= 1.5 else {
                throw violation(.liveness, "\(name) goes on although it has reached a limit")
            }
        }
        let calm = SimulationTime.start + plan.chaosSeconds + Self.settlingSeconds
        for state in cluster.jobs.values {
            let starts = state.record.attempts.reversed().prefix { $0.begin > calm }.count
            if starts > Self.startsInCalm {
                throw violation(.liveness, "\(state.record.name) has started \(starts) gangs in calm")
            }
        }
    }

    /// Gangs that one job may start after the last fault: others finish, grow and make room.
    static let startsInCalm = 12

    /// What has been acknowledged is there.
    func checkMemory() throws(Violation) {
        for name in createdJobs where cluster.jobs[name] == nil {
            throw violation(.keptJobs, "\(name) was acknowledged and is unknown")
        }
        for name in stoppedJobs
        where cluster.jobs[name]?.stopReason == nil && cluster.jobs[name]?.phase != .over {
            throw violation(.keptJobs, "the acknowledged stop of \(name) is forgotten")
        }
        for attempt in settledAttempts {
            let record = cluster.jobs[attempt.job]?.record.attempts.first { $0.number == attempt.number }
            if record?.outcome == nil {
                throw violation(.keptJobs, "the acknowledged end of \(attempt) is forgotten")
            }
        }
        guard cluster.jobs.count == store.rows.count, cluster.order == store.order else {
            throw violation(.storedIsLive, "the list of jobs is stored otherwise")
        }
        for name in store.order { try checkStored(name) }
        if let wrong = cluster.wrongBook() { throw violation(.storedIsLive, wrong) }
    }

    func checkRollBack(_ before: ClusterState) throws(Violation) {
        guard cluster.jobs == before.jobs, cluster.order == before.order,
            cluster.workers.keys == before.workers.keys
        else { throw violation(.storedIsLive, "a roll-back has not restored the jobs") }
        for (id, worker) in before.workers {
            var now = cluster.workers[id]
            // That it was heard stays true.
            now?.lastHeard = worker.lastHeard
            now?.hotStateBytes = worker.hotStateBytes
            guard now == worker, cluster.freeSlots(id) == before.freeSlots(id) else {
                throw violation(.storedIsLive, "a roll-back has not restored \(id)")
            }
        }
        if let wrong = cluster.wrongBook() { throw violation(.storedIsLive, "after a roll-back, \(wrong)") }
    }

    /// Every job that can finish has; and the others have a reason.
    func checkEnd() throws(Violation) {
        for (index, job) in plan.jobs.enumerated() {
            let name = job.draft.name
            guard let state = cluster.jobs[name] else {
                throw violation(.liveness, "\(name) could never be created")
            }
            switch state.record.status {
            case .completed:
                guard finishedJobs.contains(name), checkpoints[name] == job.stepCount else {
                    throw violation(.liveness, "\(name) is completed and not all of its steps are done")
                }
            case .stopped:
                let isTimed = state.record.secondaryStatus != .stopped
                guard isTimed || stopCalls.contains(name) else {
                    throw violation(.liveness, "\(name) is stopped and nobody has asked for it")
                }
            case .failed: try checkFailure(index, state)
            case .inProgress, .stopping:
                guard !couldRun(state) else {
                    throw violation(
                        .liveness,
                        "\(name) could run and does not: \(state.phase), "
                            + "\(state.record.transitions.last?.message ?? "")")
                }
                situations.note(.neverFits)
            }
        }
        guard allIsOver() else { return }
        for gang in liveGangs {
            throw violation(.liveness, "\(gangs[gang].attempt) still runs, its job is over")
        }
        for worker in workers where worker.isRegistered {
            for name in worker.hot.keys where cluster.jobs[name]?.phase == .over {
                throw violation(
                    .liveness, "\(worker.plan.id) still holds the hot state of \(name), which is over")
            }
        }
    }

    private func checkFailure(_ index: Int, _ state: LifecycleState) throws(Violation) {
        let reason = state.record.failureReason ?? ""
        let faults = faultCounts[state.record.name] ?? 0
        let isRight =
            reason.hasPrefix("ClientError")
            ? plan.jobs[index].badDataAt != nil
            : reason.contains("the same again")
                ? faults >= 2
                : state.restarts >= state.maximumRestarts && reason.hasSuffix(")")
                    || state.maximumRestarts == 0
        if !isRight { throw violation(.liveness, "\(state.record.name) failed without a reason: \(reason)") }
    }

    /// Whether all jobs are over, or wait for workers that will not come.
    func nothingCanRun() -> Bool {
        isCoordinatorUp && now > SimulationTime.start + plan.chaosSeconds + Self.settlingSeconds
            && plan.jobs.allSatisfy {
                guard let state = cluster.jobs[$0.draft.name] else { return false }
                return state.phase == .over
                    || !couldRun(state) && state.policy.maxWaitSeconds == nil && state.stopReason == nil
            }
    }

    /// Whether the job fits the cluster as it is at the end.
    private func couldRun(_ state: LifecycleState) -> Bool {
        if state.hasGang { return true }
        let ready = cluster.workers.values.filter(\.isReady)
        let slots = ready.reduce(0) { sum, worker in
            switch worker.profile.kind {
            case .onDemand: sum + worker.profile.slots
            case .spot: sum + (state.policy.usesSpot ? worker.profile.slots : 0)
            case .keeper: sum
            }
        }
        let hasKeeper = ready.contains { $0.profile.kind == .keeper }
        return slots >= state.slotRange.lowerBound && (state.policy.keeper != .always || hasKeeper)
    }

    /// Counts what the change means.
    func note(_ old: LifecycleState?, _ new: LifecycleState) {
        if let yield = new.yield, old?.yield == nil {
            if case .preempt = yield { situations.note(.preempted) }
        }
        if new.hasGang, new.attempt != old?.attempt ?? 0, new.attempt > 1 {
            let counts = new.record.attempts.suffix(2).map(\.slotWorkers.count)
            if counts[1] > counts[0] { situations.note(.grown) }
            if counts[1] < counts[0] { situations.note(.shrunk) }
        }
        let message = new.record.transitions.last?.message ?? ""
        if message != old?.record.transitions.last?.message {
            if message.contains("had to be free") { situations.note(.overstayed) }
            if message.contains("was lost") { situations.note(.leaseOver) }
        }
        if let outcome = new.record.attempts.last?.outcome, outcome.contains("no longer knows") {
            situations.note(.attemptMissing)
        }
        guard new.phase == .over, old?.phase != .over else { return }
        switch new.record.secondaryStatus {
        case .completed: situations.note(.completed)
        case .failed: situations.note(.failed)
        case .maxRuntimeExceeded: situations.note(.runtimeExceeded)
        case .maxWaitTimeExceeded: situations.note(.waitExceeded)
        default: situations.note(.stopped)
        }
    }
}
