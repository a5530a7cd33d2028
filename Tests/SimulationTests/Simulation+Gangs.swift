import ClusterTypes
import JobLifecycle
import Wire

/// Supervisors, `mpirun` and ranks.
extension Simulation {
    func makeGang(_ order: LaunchOrder, _ index: Int) throws(Violation) -> Int {
        var ranks: [Int] = []
        for member in order.gang {
            guard let worker = workerIndex[member.worker] else {
                throw violation(.wholeGangs, "\(order.attempt) has the unknown member \(member.worker)")
            }
            ranks += [Int](repeating: worker, count: member.ranks)
        }
        let gang = gangs.count
        gangs.append(
            ModelGang(
                attempt: order.attempt, order: order, ranks: ranks, supervisor: index,
                supervisorLife: workers[index].nodeLife, job: jobIndex[order.attempt.job] ?? 0))
        try checkLaunch(gang)
        liveGangs.append(gang)
        if order.gang.first?.isKeeper ?? false { situations.note(.keeperUsed) }
        enter(.gangStarts(gang), after: random.real(0.1...0.8))
        return gang
    }

    /// The ranks meet and agree on the step to go on from.
    func startGang(_ index: Int) throws(Violation) {
        let gang = gangs[index]
        guard gang.phase == .starting, gang.isSupervisorAlive, !gang.isEnding else { return }
        // Ranks on other nodes are started by the daemons there.
        let nodes = Set(gang.ranks)
        let isReached = nodes.allSatisfy { member in
            let worker = workers[member]
            return worker.isNodeUp && (member == gang.supervisor || worker.isDaemonUp)
                && (nodes.count == 1 || !(isPartitioned(member) && worker.isCutFromPeers))
        }
        guard isReached else {
            situations.note(.notStarted)
            faultCounts[gang.attempt.job, default: 0] += 1
            var end = AttemptEnd(.notStarted, status: 70, time: now)
            end.message = "a node could not be reached"
            return endGang(index, end)
        }
        let name = gang.attempt.job
        let hot = nodes.compactMap { workers[$0].hot[name] }.max()
        let step = max(hot ?? 0, checkpoints[name] ?? 0)
        try checkFirstStep(index, step)
        note(index, step)
        gangs[index].phase = .training
        gangs[index].step = step
        for node in nodes { workers[node].hot[name] = step }
        emit(index, .started, step: step)
        emit(index, .training, step: step)
        trace("\(gang.attempt) trains from step \(step)")
        enter(.gangSteps(index), after: plan.jobs[gang.job].stepSeconds * random.real(0.9...1.1))
        poke(gang.supervisor)
    }

    private func note(_ index: Int, _ step: Int) {
        let gang = gangs[index]
        let name = gang.attempt.job
        let isFromKeeper = gang.order.gang.first?.isKeeper ?? false
        if step == 0 {
            situations.note(.startedAnew)
        } else if step > checkpoints[name] ?? 0 {
            situations.note(.resumedFromHotState)
            let others = gang.ranks.dropFirst().compactMap { workers[$0].hot[name] }.max() ?? 0
            if isFromKeeper, others < step { situations.note(.keptByKeeper) }
        } else {
            situations.note(.resumedFromCheckpoint)
        }
    }

    /// One step is committed: on every node, then sometimes on shared storage.
    func stepGang(_ index: Int) {
        let gang = gangs[index]
        guard gang.phase == .training, gang.isSupervisorAlive, !gang.isEnding else { return }
        let job = plan.jobs[gang.job]
        let name = gang.attempt.job
        if gang.step >= job.stepCount { return complete(index) }
        if let bad = job.badDataAt, gang.step + 1 >= bad { return failByData(index) }
        gangs[index].step += 1
        let step = gangs[index].step
        for node in Set(gang.ranks) {
            if workers[node].hot[name] != nil { workers[node].hot[name] = step }
            workers[node].committed[name] = max(workers[node].committed[name] ?? 0, step)
        }
        if step % job.checkpointEvery == 0 { checkpoints[name] = max(checkpoints[name] ?? 0, step) }
        if gang.isAskedToStop {
            checkpoints[name] = max(checkpoints[name] ?? 0, step)
            emit(index, .stopped, step: step)
            var end = AttemptEnd(.exited, status: RankExit.stopped, time: now)
            end.rank = 0
            return finish(index, end, after: 0.05)
        }
        if step % 3 == 0 || random.chance(0.3) {
            emit(index, .progress, step: step)
            poke(gang.supervisor)
        }
        enter(.gangSteps(index), after: job.stepSeconds * random.real(0.9...1.1))
    }

    private func complete(_ index: Int) {
        checkpoints[gangs[index].attempt.job] = gangs[index].step
        emit(index, .uploading, step: gangs[index].step)
        emit(index, .completed, step: gangs[index].step)
        finishedJobs.insert(gangs[index].attempt.job)
        finish(index, AttemptEnd(.exited, status: RankExit.completed, time: now), after: 0.05)
    }

    private func failByData(_ index: Int) {
        situations.note(.usersError)
        emit(index, .failed, step: gangs[index].step, code: "data")
        finish(index, AttemptEnd(.exited, status: 65, time: now), after: 0.05)
    }

    func emit(
        _ index: Int, _ kind: TrainingEvent.Kind, step: Int, code: String? = nil, workers: [String]? = nil
    ) {
        var event = TrainingEvent(kind, time: now)
        event.step = step
        event.code = code
        event.workers = workers
        if code != nil { event.message = "went wrong" }
        gangs[index].events.append(event)
    }

    /// The gang's end is on its way and cannot be turned.
    func finish(_ index: Int, _ end: AttemptEnd?, after seconds: Double) {
        guard gangs[index].isLive, !gangs[index].isEnding else { return }
        gangs[index].isEnding = true
        enter(.gangEnds(index, end), after: seconds)
    }

    /// Nothing of the gang runs any more.
    func endGang(_ index: Int, _ end: AttemptEnd?) {
        guard gangs[index].isLive else { return }
        gangs[index].phase = .over
        liveGangs.removeAll { $0 == index }
        if gangs[index].isSupervisorAlive { gangs[index].end = end }
        trace(
            "\(gangs[index].attempt) is gone: "
                + (gangs[index].end.map { "\($0.cause), \($0.status)" } ?? "no word")
        )
        poke(gangs[index].supervisor)
    }

    /// A rank dies, or all that were on a node: `mpirun` ends the rest.
    func breakGang(_ index: Int, signal: Int32) {
        var end = AttemptEnd(.exited, status: 128 + signal, time: now)
        end.signal = signal
        end.rank = 0
        faultCounts[gangs[index].attempt.job, default: 0] += 1
        finish(index, end, after: random.real(0.05...0.4))
    }

    /// The supervisor is gone, and `mpirun` with it; the ranks follow.
    func breakSupervisor(_ index: Int) {
        guard gangs[index].isSupervisorAlive else { return }
        gangs[index].isSupervisorAlive = false
        faultCounts[gangs[index].attempt.job, default: 0] += 1
        enter(.gangEnds(index, nil), after: random.real(0.02...0.3))
    }
}
