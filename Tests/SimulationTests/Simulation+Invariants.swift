import ClusterTypes
import ControlPlane
import JobLifecycle
import Wire

/// What is checked after every event that has changed something.
extension Simulation {
    func violation(_ invariant: Invariant, _ sentence: String) -> Violation {
        trace("VIOLATION \(invariant): \(sentence)")
        return Violation(invariant: invariant, sentence: sentence, time: now)
    }

    /// Whether the coordinator, as its disk knows it, has given the attempt of a live gang up.
    func isGivenUp(_ gang: Int) -> Bool {
        let id = gangs[gang].attempt
        guard let state = store.rows[id.job]?.state, let attempts = store.rows[id.job]?.attempts else {
            return true
        }
        return !(state.hasGang && attempts.last?.number == id.number)
    }

    /// Checks a change that is stored and whose orders are given.
    func check(_ change: ClusterChange) throws(Violation) {
        for (old, new) in change.jobs {
            try checkHistory(old, new)
            try checkStored(new.record.name)
            if new.hasGang, new.attempt != old?.attempt ?? 0 { try checkPlacement(new) }
            note(old, new)
        }
        for profile in change.profiles where profile.quarantine != nil { situations.note(.quarantined) }
        for profile in change.profiles
        where store.profiles[profile.id] != cluster.workers[profile.id]?.profile {
            throw violation(.storedIsLive, "the profile of \(profile.id) is stored otherwise")
        }
        if !change.isVolatile, let wrong = cluster.wrongBook() { throw violation(.storedIsLive, wrong) }
    }

    // MARK: Gangs and slots

    /// A gang is given slots that are there, free and of the right kind.
    private func checkPlacement(_ state: LifecycleState) throws(Violation) {
        guard let attempt = state.record.attempts.last else { return }
        let name = "\(state.record.name)/\(attempt.number)"
        let slots = attempt.slotWorkers.count
        guard state.slotRange.contains(slots) else {
            throw violation(.wholeGangs, "\(name) has \(slots) slots, its job wants \(state.slotRange)")
        }
        for (rank, id) in attempt.workers.enumerated() {
            guard let worker = cluster.workers[id], worker.connection != nil, !worker.isLost else {
                throw violation(.wholeGangs, "\(name) is placed on \(id), which is not there")
            }
            guard worker.profile.departure == nil, worker.profile.quarantine == nil else {
                throw violation(.drainedIsEmpty, "\(name) is placed on \(id), which is to have no ranks")
            }
            let isKeeper = attempt.hasKeeper && rank == 0
            let isRight =
                switch worker.profile.kind {
                case .keeper: isKeeper
                case .spot: state.policy.usesSpot && !isKeeper
                case .onDemand: !isKeeper
                }
            if !isRight {
                throw violation(.wholeGangs, "\(name) has a rank on the \(worker.profile.kind) \(id)")
            }
        }
        for id in Set(attempt.workers) { try checkSlots(id, because: name) }
    }

    /// Slots that are given away, and those of old gangs of which the coordinator knows, are there.
    private func checkSlots(_ id: WorkerID, because name: String) throws(Violation) {
        var used = 0
        for state in cluster.jobs.values where state.hasGang {
            for worker in state.record.attempts.last?.workers ?? [] where worker == id { used += 1 }
        }
        for gang in liveGangs where isGivenUp(gang) && gangs[gang].isSupervisorAlive {
            // Of a gang whose supervising worker is cut off nobody can know.
            let supervisor = plan.workers[gangs[gang].supervisor].id
            guard cluster.workers[supervisor]?.isPresent ?? false else { continue }
            for rank in gangs[gang].ranks where plan.workers[rank].id == id { used += 1 }
        }
        let slots = cluster.workers[id]?.profile.slots ?? 0
        if used > slots {
            throw violation(.oneGangPerSlot, "with \(name) \(id) has \(used) ranks on \(slots) slots")
        }
    }

    /// An order to launch arrives: what is there besides?
    func checkLaunch(_ gang: Int) throws(Violation) {
        let new = gangs[gang]
        let record = store.rows[new.attempt.job]?.attempts.first { $0.number == new.attempt.number }
        let members = new.ranks.map { plan.workers[$0].id }
        guard let record, record.workers == members, new.ranks.first == new.supervisor else {
            throw violation(.wholeGangs, "\(new.attempt) is launched on \(members), which nobody has placed")
        }
        for other in liveGangs where gangs[other].isSupervisorAlive {
            let old = gangs[other]
            if old.attempt == new.attempt {
                throw violation(.wholeGangs, "\(new.attempt) is launched while it runs")
            }
            guard old.attempt.job == new.attempt.job else { continue }
            situations.note(.gangsOverlapped)
            // An order that was under way when its attempt was given up may come after the next one.
            if isGivenUp(gang) {
                try checkOverlap(gang, with: old.attempt)
            } else {
                try checkOverlap(other, with: new.attempt)
            }
        }
        guard !isGivenUp(gang) else { return }
        for member in Set(new.ranks) {
            var used = new.ranks.filter { $0 == member }.count
            for other in liveGangs where gangs[other].isSupervisorAlive && !isGivenUp(other) {
                used += gangs[other].ranks.filter { $0 == member }.count
            }
            if used > plan.workers[member].slots {
                throw violation(
                    .oneGangPerSlot,
                    "\(plan.workers[member].id) has \(used) ranks on \(plan.workers[member].slots) slots")
            }
        }
    }

    /// Two gangs of one job: only while the worker that supervises the older one lives, but is cut off
    /// from the coordinator, or has just come back and the order to end the gang is on its way.
    private func checkOverlap(_ old: Int, with new: AttemptID) throws(Violation) {
        let worker = workers[gangs[old].supervisor]
        let isUnreached =
            worker.isDaemonUp
            && !(isCoordinatorUp && worker.isRegistered
                && cluster.workers[worker.plan.id]?.connection == worker.link
                && worker.link.map { !links[$0].isCutUp && !links[$0].isCutDown } ?? false)
        // A dead daemon's supervisors end their gangs before the lease is over, unless the lease began
        // with a cut, before the death.
        let diedUnreached =
            !worker.isDaemonUp && worker.wasCutOffAtDeath
            && now - worker.diedAt < worker.endsGangsWithin + 0.7
        if isUnreached || diedUnreached || gangs[old].isEnding || isKillOnItsWay(old) { return }
        throw violation(
            .oneGangPerSlot,
            "\(new) runs beside \(gangs[old].attempt), whose worker \(worker.plan.id) "
                + (worker.isDaemonUp ? "can be reached" : "is dead"))
    }

    /// Whether the supervising worker has registered so recently that it may not have the order yet.
    private func isKillOnItsWay(_ gang: Int) -> Bool {
        guard let link = workers[gangs[gang].supervisor].link, isGivenUp(gang) else { return false }
        return links[link].lastDown >= now || now - workers[gangs[gang].supervisor].lastHeard < 0.5
    }

    /// A gang that had been given up when its worker came back has to be gone by now.
    func checkStale(_ gang: Int, _ link: Int) throws(Violation) {
        guard gangs[gang].isLive, gangs[gang].isSupervisorAlive, !gangs[gang].isEnding,
            workers[gangs[gang].supervisor].link == link, !links[link].isCutDown, !links[link].isCutUp,
            links[link].coordinatorLife == coordinatorLife, isCoordinatorUp
        else { return }
        throw violation(
            .oneGangPerSlot,
            "\(gangs[gang].attempt) still runs although it was given up and its worker is back")
    }

    // MARK: Steps

    func checkFirstStep(_ gang: Int, _ step: Int) throws(Violation) {
        let name = gangs[gang].attempt.job
        guard store.rows[name]?.state.phase != .over else { return }
        for member in Set(gangs[gang].ranks) {
            let held = workers[member].committed[name] ?? 0
            if held > step {
                throw violation(
                    .keptSteps,
                    "\(gangs[gang].attempt) starts at step \(step), \(plan.workers[member].id) had \(held)")
            }
        }
        let checkpoint = checkpoints[name] ?? 0
        if step < checkpoint {
            throw violation(.keptSteps, "\(gangs[gang].attempt) starts at \(step), stored is \(checkpoint)")
        }
    }

    // MARK: Orders

    /// Nothing leaves that the disk does not know.
    func checkSend(_ message: ControlMessage, to id: WorkerID) throws(Violation) {
        switch message {
        case .launch(let order):
            let attempt = store.rows[order.attempt.job]?.attempts.last
            guard attempt?.number == order.attempt.number, attempt?.outcome == nil else {
                throw violation(.wholeGangs, "\(order.attempt) is ordered and not stored as placed")
            }
            if !launchedAttempts.insert(order.attempt).inserted { situations.note(.launchRepeated) }
        case .settled(let attempt):
            guard let row = store.rows[attempt.job] else { return }
            let record = row.attempts.first { $0.number == attempt.number }
            if record?.outcome == nil, record != nil {
                throw violation(.keptJobs, "the end of \(attempt) is acknowledged and not stored")
            }
            if record != nil { settledAttempts.insert(attempt) }
        case .forget(let name, _):
            if let row = store.rows[name], row.state.phase != .over {
                throw violation(.keptSteps, "the hot state of \(name) is thrown away before the job is over")
            }
        case .drained: try checkDrained(id)
        default: break
        }
    }

    private func checkDrained(_ id: WorkerID) throws(Violation) {
        for gang in liveGangs where gangs[gang].isSupervisorAlive {
            guard gangs[gang].ranks.contains(where: { plan.workers[$0].id == id }) else { continue }
            let supervisor = plan.workers[gangs[gang].supervisor].id
            if isGivenUp(gang), !(cluster.workers[supervisor]?.isPresent ?? false) { continue }
            throw violation(
                .drainedIsEmpty, "\(id) is told that it is drained, \(gangs[gang].attempt) runs there")
        }
        for state in cluster.jobs.values where state.hasGang {
            if state.record.attempts.last?.workers.contains(id) ?? false {
                throw violation(
                    .drainedIsEmpty, "\(id) is told that it is drained, \(state.record.name) has slots there")
            }
        }
    }
}
