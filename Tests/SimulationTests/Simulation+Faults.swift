import ClusterTypes
import ControlPlane
import JobLifecycle
import Wire

/// What machines, networks and people do.
extension Simulation {
    func fault() throws(Violation) {
        guard isChaos else { return }
        if let fault = random.pick(plan.faults) { try inflict(fault) }
        enter(.fault, after: random.real(0...2 * plan.faultInterval))
    }

    private func inflict(_ fault: SimulationPlan.Fault) throws(Violation) {
        var worker = random.integer(0...workers.count - 1)
        // Where a gang runs that should not, more trouble is worth more.
        if random.chance(0.3), let stale = random.pick(liveGangs.filter { isGivenUp($0) }) {
            worker = gangs[stale].supervisor
        }
        switch fault {
        case .rankCrash: crashRank(signal: 11)
        case .rankKill: crashRank(signal: 9)
        case .supervisorKill:
            if let gang = random.pick(liveGangs) {
                trace("the supervisor of \(gangs[gang].attempt) is killed")
                situations.note(.supervisorDied)
                breakSupervisor(gang)
            }
        case .daemonDeath:
            guard workers[worker].isDaemonUp else { return }
            situations.note(.daemonDied)
            killDaemon(worker)
            enter(
                .startDaemon(worker: worker, nodeLife: workers[worker].nodeLife),
                after: random.chance(0.6) ? random.real(0.1...3) : random.real(3...12))
        case .daemonStop:
            guard workers[worker].isDaemonUp else { return }
            situations.note(.daemonStopped)
            killDaemon(worker, isSilent: true)
            enter(
                .startDaemon(worker: worker, nodeLife: workers[worker].nodeLife),
                after: random.chance(0.4) ? random.real(0.5...4) : random.real(4...15))
        case .nodeDeath: killNode(worker, isForever: random.chance(0.15))
        case .cut, .silentCut:
            guard let link = workers[worker].link else { return }
            trace("\(plan.workers[worker].id)'s connection breaks")
            situations.note(fault == .cut ? .connectionLost : .silentConnection)
            cut(link, isSilent: fault == .silentCut)
        case .partition: partition(worker)
        case .coordinatorCrash: crashCoordinator()
        case .drain: try drain(worker)
        case .spotNotice: giveNotice(worker)
        case .stopJob: enter(.stop(job: random.integer(0...plan.jobs.count - 1)), after: 0)
        case .divergence: diverge()
        case .clockJump:
            clockError += random.real(-3600...3600)
            trace("the coordinator's clock is set")
            situations.note(.clockSet)
        case .stall:
            stalledUntil = max(stalledUntil, now + random.real(0.5...9))
            trace("the coordinator's store stands still")
            situations.note(.coordinatorStalled)
        case .diskFull: diskFullUntil = now + random.real(0.1...3)
        }
    }

    private func crashRank(signal: Int32) {
        guard let gang = random.pick(liveGangs) else { return }
        trace("a rank of \(gangs[gang].attempt) ends by signal \(signal)")
        situations.note(.rankCrashed)
        breakGang(gang, signal: signal)
    }

    private func partition(_ worker: Int) {
        trace("\(plan.workers[worker].id) is cut off")
        situations.note(.partition)
        workers[worker].partitionedUntil = now + random.real(1...18)
        workers[worker].isCutFromPeers = random.chance(0.5)
        if let link = workers[worker].link {
            switch random.integer(0...3) {
            case 0: links[link].isCutUp = true
            case 1: links[link].isCutDown = true
            default: cut(link, isSilent: true)
            }
        }
        guard workers[worker].isCutFromPeers else { return }
        for gang in liveGangs where Set(gangs[gang].ranks).count > 1 && gangs[gang].ranks.contains(worker) {
            breakGang(gang, signal: 9)
        }
    }

    /// Everything on a node is gone, with all workers of its address.
    func killNode(_ worker: Int, isForever: Bool) {
        guard workers[worker].isNodeUp else { return }
        situations.note(.nodeDied)
        let isEmpty = random.chance(0.5)
        let pause = random.chance(0.6) ? random.real(1...4) : random.real(4...20)
        for index in workers.indices where plan.workers[index].address == plan.workers[worker].address {
            guard workers[index].isNodeUp else { continue }
            trace("\(plan.workers[index].id)'s node dies")
            // Nobody says good-bye for a machine without power.
            if let link = workers[index].link { cut(link, isSilent: random.chance(0.5)) }
            killDaemon(index)
            workers[index].isNodeUp = false
            workers[index].nodeLife += 1
            workers[index].isGone = isForever
            workers[index].hot = [:]
            workers[index].committed = [:]
            for gang in liveGangs where gangs[gang].ranks.contains(index) {
                if gangs[gang].supervisor == index {
                    breakSupervisor(gang)
                } else {
                    breakGang(gang, signal: 9)
                }
            }
            if !isForever {
                enter(
                    .startNode(worker: index, nodeLife: workers[index].nodeLife, isEmpty: isEmpty),
                    after: pause)
            }
        }
    }

    func startNode(_ worker: Int, _ nodeLife: Int, _ isEmpty: Bool) {
        guard !workers[worker].isNodeUp, workers[worker].nodeLife == nodeLife, !workers[worker].isGone
        else { return }
        workers[worker].isNodeUp = true
        situations.note(isEmpty ? .nodeCameBackEmpty : .nodeCameBackWithDisk)
        if isEmpty {
            workers[worker].disk = [:]
            workers[worker].settled = [:]
        }
        trace("\(plan.workers[worker].id)'s node starts\(isEmpty ? ", empty" : "")")
        startDaemon(worker, nodeLife)
    }

    private func drain(_ worker: Int) throws(Violation) {
        guard isListening else { return }
        let id = plan.workers[worker].id
        let seconds = random.chance(0.5) ? random.real(0...4) : nil
        trace("\(id) is ordered to be drained")
        situations.note(.drainOrdered)
        _ = try handle(.drain(id, reason: "ordered", deadlineSeconds: seconds, isOrdered: true))
        if random.chance(0.8) { enter(.resume(worker: worker), after: random.real(1...15)) }
    }

    func resume(_ worker: Int) throws(Violation) {
        guard isListening else { return enter(.resume(worker: worker), after: 1) }
        trace("\(plan.workers[worker].id) is resumed")
        switch try handle(.resume(plan.workers[worker].id)) {
        case .done, .refused: break
        case .failed, .crashed: enter(.resume(worker: worker), after: 1)
        }
    }

    private func giveNotice(_ worker: Int) {
        guard workers[worker].isDaemonUp, workers[worker].wish == nil else { return }
        trace("\(plan.workers[worker].id) gets a notice")
        situations.note(.spotNotice)
        let seconds = random.real(0.5...8)
        workers[worker].wish = DrainWish(reason: "notice", deadlineSeconds: seconds)
        poke(worker)
        if random.chance(0.7) {
            enter(.takeNode(worker: worker, nodeLife: workers[worker].nodeLife), after: seconds + 1.5)
        } else {
            enter(.withdraw(worker: worker), after: random.real(0.2...12))
        }
    }

    func withdraw(_ worker: Int) {
        guard workers[worker].wish != nil else { return }
        trace("\(plan.workers[worker].id)'s notice is withdrawn")
        situations.note(.noticeWithdrawn)
        workers[worker].wish = nil
        workers[worker].isDrained = false
        poke(worker)
    }

    func takeNode(_ worker: Int, _ nodeLife: Int) {
        guard workers[worker].isNodeUp, workers[worker].nodeLife == nodeLife else { return }
        if workers[worker].isDrained { situations.note(.leftInTime) }
        killNode(worker, isForever: !isChaos ? false : random.chance(0.2))
    }

    private func diverge() {
        guard
            let gang = random.pick(liveGangs.filter { gangs[$0].phase == .training && !gangs[$0].isEnding }),
            Set(gangs[gang].ranks).count > 1, let worker = gangs[gang].ranks.last
        else { return }
        let id = plan.workers[worker].id
        trace("the state of \(gangs[gang].attempt) differs on \(id)")
        situations.note(.diverged)
        faultCounts[gangs[gang].attempt.job, default: 0] += 1
        emit(gang, .failed, step: gangs[gang].step, code: "diverged", workers: [id.rawValue])
        finish(gang, AttemptEnd(.exited, status: 76, time: now), after: 0.05)
    }

    func create(_ job: Int) throws(Violation) {
        let draft = plan.jobs[job].draft
        guard isListening else { return enter(.create(job: job), after: 0.7) }
        trace("\(draft.name) is created: \(draft.slotCount) slots, \(plan.jobs[job].stepCount) steps")
        let wasThere = cluster.jobs[draft.name] != nil
        var drafts = [draft]
        // Another call comes in at the same time.
        if isChaos, random.chance(0.2) {
            drafts.append(plan.jobs[random.integer(0...plan.jobs.count - 1)].draft)
        }
        switch try handle(.create(drafts.map { JobCreation($0, invocationID: "call") })) {
        case .done:
            if wasThere { situations.note(.createRepeated) }
            if drafts.count > 1 { situations.note(.createdTogether) }
            createdJobs.formUnion(drafts.map(\.name))
            // The answer may get lost; then the client calls again.
            if isChaos, random.chance(0.1) { enter(.create(job: job), after: random.real(0.1...5)) }
        case .refused(let error):
            throw violation(.keptJobs, "\(draft.name), sent again, was refused: \(error)")
        case .failed, .crashed: enter(.create(job: job), after: 0.7)
        }
    }

    func stop(_ job: Int) throws(Violation) {
        let name = plan.jobs[job].draft.name
        guard isListening, createdJobs.contains(name) else { return }
        stopCalls.insert(name)
        trace("\(name) is asked to stop")
        let wasWaiting = !(cluster.jobs[name]?.hasGang ?? true)
        if case .done = try handle(.stop(name)) {
            situations.note(wasWaiting ? .stoppedWhileWaiting : .stopRequested)
            stoppedJobs.insert(name)
        }
    }

    /// The faults end; what is broken is mended, but not all of it.
    func calm() throws(Violation) {
        trace("calm")
        isChaos = false
        diskFullUntil = 0
        for index in workers.indices {
            workers[index].partitionedUntil = 0
            // A half-open connection would stay for ever.
            if let link = workers[index].link, links[link].isCutUp != links[link].isCutDown {
                cut(link, isSilent: false)
            }
            if workers[index].wish != nil, random.chance(0.8) { withdraw(index) }
            if random.chance(0.7) { enter(.resume(worker: index), after: random.real(0...5)) }
            if workers[index].isNodeUp, !workers[index].isDaemonUp {
                enter(
                    .startDaemon(worker: index, nodeLife: workers[index].nodeLife), after: random.real(0...5))
            }
        }
    }
}
