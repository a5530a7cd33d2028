import ClusterTypes
import Wire

/// The worker daemons: `WorkerDaemon`, `WorkerSession`, `AttemptBook` and `Leaving`.
extension Simulation {
    /// As `AttemptBook.abandonSeconds`.
    static let abandonSeconds = SimulationPlan.leaseSeconds - SimulationPlan.heartbeatSeconds - 1
    /// As `LeaseFile.fence`.
    static let fenceSeconds = SimulationPlan.leaseSeconds * 0.8

    func startDaemon(_ index: Int, _ nodeLife: Int) {
        guard workers[index].isNodeUp, !workers[index].isDaemonUp, workers[index].nodeLife == nodeLife
        else { return }
        workers[index].isDaemonUp = true
        workers[index].daemonLife += 1
        workers[index].wish = nil
        workers[index].isWishTold = false
        workers[index].isDrained = false
        workers[index].book = workers[index].disk.mapValues { ModelWorker.Entry(gang: $0) }
        if !workers[index].book.isEmpty { situations.note(.attemptAdopted) }
        trace("\(plan.workers[index].id)'s daemon starts")
        enter(.connect(worker: index, daemonLife: workers[index].daemonLife), after: 0.05)
    }

    /// - Parameter isSilent: it is stopped rather than dead: nobody is told, and its lock is held.
    func killDaemon(_ index: Int, isSilent: Bool = false) {
        guard workers[index].isDaemonUp else { return }
        trace("\(plan.workers[index].id)'s daemon \(isSilent ? "is stopped" : "ends")")
        workers[index].isDaemonUp = false
        workers[index].book = [:]
        workers[index].diedAt = now
        workers[index].wasCutOffAtDeath =
            !workers[index].isRegistered || workers[index].link.map { links[$0].isCutUp } ?? true
        if let link = workers[index].link {
            if isSilent {
                cut(link, isSilent: true)
            } else {
                closeByWorker(link, losesTail: random.chance(0.5))
            }
            workers[index].link = nil
        }
        workers[index].isRegistered = false
        // The heartbeats that were sent last count; without a connection the daemon was its own judge.
        let fence = (workers[index].lastBeat ?? now) + Self.fenceSeconds - now
        workers[index].endsGangsWithin = max(0, isSilent ? fence : Self.abandonSeconds)
        enter(
            .abandon(worker: index, daemonLife: workers[index].daemonLife),
            after: workers[index].endsGangsWithin + random.real(0...0.2))
        workers[index].lastBeat = nil
    }

    /// The supervisors have missed their daemon for too long.
    func abandon(_ index: Int, _ daemonLife: Int) {
        guard workers[index].isNodeUp, !workers[index].isDaemonUp, workers[index].daemonLife == daemonLife
        else { return }
        for gang in liveGangs where gangs[gang].supervisor == index && gangs[gang].isSupervisorAlive {
            situations.note(.gangAbandoned)
            finish(gang, AttemptEnd(.abandoned, status: 137, time: now), after: random.real(0.01...0.3))
        }
    }

    func connect(_ index: Int, _ daemonLife: Int) {
        let worker = workers[index]
        guard worker.isDaemonUp, worker.daemonLife == daemonLife, worker.link == nil else { return }
        guard isCoordinatorUp, !isPartitioned(index) else {
            return enter(.connect(worker: index, daemonLife: daemonLife), after: random.real(0.1...1.5))
        }
        let link = links.count
        links.append(
            ModelLink(worker: index, daemonLife: daemonLife, coordinatorLife: coordinatorLife))
        workers[index].link = link
        workers[index].lastHeard = now
        workers[index].lastBeat = now
        sendUp(
            link,
            .register(
                Registration(
                    worker: worker.plan.id, instance: worker.instance, address: worker.plan.address,
                    slots: worker.plan.slots, launchPort: 1, attempts: worker.known, kind: worker.plan.kind,
                    hotStateFolder: "/hot", hotJobs: worker.hot.keys.sorted(), departure: worker.wish)))
        enter(.beat(worker: index, link: link), after: SimulationPlan.heartbeatSeconds)
    }

    /// The worker's side of a connection has ended.
    func workerSeesEnd(_ link: Int) {
        let index = links[link].worker
        guard workers[index].link == link, links[link].daemonLife == workers[index].daemonLife else { return }
        leaveLink(index)
    }

    private func leaveLink(_ index: Int) {
        guard let link = workers[index].link else { return }
        closeByWorker(link, losesTail: false)
        workers[index].link = nil
        workers[index].isRegistered = false
        workers[index].lastBeat = nil
        for id in workers[index].book.keys {
            workers[index].book[id]?.isWaiting = false
            workers[index].book[id]?.isEndSent = false
        }
        enter(
            .connect(worker: index, daemonLife: workers[index].daemonLife), after: random.real(0.1...1))
    }

    func beat(_ index: Int, _ link: Int) {
        guard workers[index].link == link, workers[index].isDaemonUp else { return }
        if now - workers[index].lastHeard > SimulationPlan.leaseSeconds { return leaveLink(index) }
        if workers[index].isRegistered {
            workers[index].lastBeat = now
            sendUp(link, .heartbeat(sequence: 0, hotStateBytes: UInt64(workers[index].hot.count)))
            poke(index)
        }
        enter(.beat(worker: index, link: link), after: SimulationPlan.heartbeatSeconds)
    }

    /// Sends what is due: new lines, ends whose lines are all stored, a wish to leave.
    func poke(_ index: Int) {
        guard workers[index].isDaemonUp, workers[index].isRegistered, let link = workers[index].link
        else { return }
        var chunks: [LineChunk] = []
        var messages: [ControlMessage] = []
        for id in workers[index].known {
            guard var entry = workers[index].book[id] else { continue }
            observe(entry.gang)
            let gang = gangs[entry.gang]
            if !entry.isWaiting, entry.position < gang.events.count {
                let count = gang.events.count - entry.position
                chunks.append(
                    LineChunk(
                        attempt: id, stream: "events", offset: UInt64(entry.position),
                        data: [UInt8](repeating: 0x0A, count: count)))
                entry.isWaiting = true
            } else if !entry.isWaiting, !entry.isEndSent, let end = gang.end {
                messages.append(.ended(id, end: code(end)))
                entry.isEndSent = true
            }
            workers[index].book[id] = entry
        }
        if !chunks.isEmpty { sendUp(link, .lines(chunks)) }
        for message in messages { sendUp(link, message) }
        if let wish = workers[index].wish, !workers[index].isWishTold {
            workers[index].isWishTold = true
            sendUp(link, .drain(wish))
        } else if workers[index].wish == nil, workers[index].isWishTold {
            workers[index].isWishTold = false
            leaveLink(index)
        }
    }

    /// Looks whether a supervisor has gone without a word.
    private func observe(_ gang: Int) {
        guard gangs[gang].end == nil, !gangs[gang].isSupervisorAlive, !gangs[gang].isLive else { return }
        situations.note(.attemptVanished)
        gangs[gang].end = AttemptEnd(.vanished, status: 70, time: now)
    }

    private func code(_ end: AttemptEnd) -> [UInt8] {
        ends.append(end)
        return [UInt8(truncatingIfNeeded: ends.count - 1), UInt8(truncatingIfNeeded: (ends.count - 1) >> 8)]
    }

    /// A message arrives at a worker.
    func arriveDown(_ link: Int, _ message: ControlMessage) throws(Violation) {
        let index = links[link].worker
        guard workers[index].isDaemonUp, workers[index].link == link, !links[link].isCutDown else { return }
        trace("\(plan.workers[index].id) ← \(Self.words(message))")
        workers[index].lastHeard = now
        switch message {
        case .registered:
            workers[index].isRegistered = true
            workers[index].isWishTold = workers[index].wish != nil
        case .refused: leaveLink(index)
        case .heartbeat: break
        case .received(let marks):
            for mark in marks {
                workers[index].book[mark.attempt]?.position = Int(mark.next)
                workers[index].book[mark.attempt]?.isWaiting = false
            }
        case .settled(let attempt):
            workers[index].book[attempt] = nil
            if let gang = workers[index].disk.removeValue(forKey: attempt) {
                workers[index].settled[attempt] = gang
            }
        case .launch(let order): try launch(order, index, link)
        case .stop(let attempt): signal(attempt, index, link, isKill: false)
        case .kill(let attempt): signal(attempt, index, link, isKill: true)
        case .forget(let job, _): workers[index].hot[job] = nil
        case .drained:
            workers[index].isDrained = workers[index].wish != nil
            situations.note(.drained)
        default: throw violation(.wholeGangs, "a worker got \(Self.words(message))")
        }
        poke(index)
    }

    private func launch(_ order: LaunchOrder, _ index: Int, _ link: Int) throws(Violation) {
        let id = order.attempt
        if workers[index].book[id] == nil, let gang = workers[index].disk[id] ?? workers[index].settled[id] {
            workers[index].book[id] = ModelWorker.Entry(gang: gang)
        }
        if workers[index].book[id] == nil {
            if isChaos, plan.faults.contains(.diskFull), random.chance(0.02) {
                situations.note(.notStarted)
                faultCounts[id.job, default: 0] += 1
                return sendUp(link, .ended(id, end: code(AttemptEnd(.notStarted, status: 70, time: now))))
            }
            let gang = try makeGang(order, index)
            workers[index].disk[id] = gang
            workers[index].book[id] = ModelWorker.Entry(gang: gang)
        }
        sendUp(link, .running(id))
    }

    private func signal(_ id: AttemptID, _ index: Int, _ link: Int, isKill: Bool) {
        guard let gang = workers[index].book[id]?.gang else {
            var end = AttemptEnd(.notStarted, status: 70, time: now)
            end.message = "the worker knows nothing of this attempt"
            return sendUp(link, .ended(id, end: code(end)))
        }
        guard gangs[gang].isLive, gangs[gang].isSupervisorAlive else { return }
        if isKill {
            if isGivenUp(gang) {
                situations.note(.staleAttemptKilled)
                // Chance alone would hardly ever hit a node between the order and the gang's end.
                if isChaos, plan.faults.contains(.nodeDeath), random.chance(0.15) {
                    return killNode(index, isForever: random.chance(0.5))
                }
            }
            // A supervisor that does not follow is ended by its worker after 5 s.
            let seconds = random.chance(0.2) ? random.real(0.5...5.2) : random.real(0.01...0.5)
            finish(gang, AttemptEnd(.killed, status: 137, time: now), after: seconds)
        } else {
            gangs[gang].isAskedToStop = true
        }
    }
}
