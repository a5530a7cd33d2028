import ClusterTypes
import ControlPlane
import Diagnostics
import JobLifecycle
import Wire

/// The coordinator's shell, as `Coordinator` and `CoordinatorServer` are, and its crashes.
extension Simulation {
    enum Outcome { case done, refused(LockstepError), failed, crashed }
    private enum WriteTrouble: CaseIterable { case fails, crashBefore, crashAfter, crashBetween }

    /// Applies an event: state, store, effects.
    func handle(
        _ event: ClusterEvent, positions: [(AttemptID, Int)] = []
    ) throws(Violation) -> Outcome {
        var trouble: WriteTrouble?
        if now < diskFullUntil {
            trouble = .fails
        } else if isChaos, plan.writeTrouble > 0, random.chance(plan.writeTrouble) {
            trouble = random.pick(WriteTrouble.allCases)
        }
        let before = trouble == .fails ? cluster : nil
        let change: ClusterChange
        do {
            change = try cluster.handle(event, at: moment)
        } catch {
            return .refused(error)
        }
        guard !change.isVolatile || !positions.isEmpty, let trouble else {
            save(change, positions)
            try carryOut(change.effects)
            try check(change)
            return .done
        }
        trace("write trouble: \(trouble)")
        switch trouble {
        case .fails:
            situations.note(.writeRolledBack)
            cluster.rollBack()
            if let before { try checkRollBack(before) }
            return .failed
        case .crashBefore: situations.note(.crashBeforeWrite)
        case .crashAfter:
            situations.note(.crashAfterWrite)
            save(change, positions)
        case .crashBetween:
            save(change, positions)
            guard change.effects.count > 1 else {
                situations.note(.crashAfterWrite)
                break
            }
            situations.note(.crashBetweenEffects)
            try carryOut(Array(change.effects.prefix(random.integer(1...change.effects.count - 1))))
        }
        crashCoordinator()
        return .crashed
    }

    private func save(_ change: ClusterChange, _ positions: [(AttemptID, Int)]) {
        store.save(change)
        for (attempt, next) in positions { store.setPosition(attempt, next) }
    }

    private func carryOut(_ effects: [ClusterEffect]) throws(Violation) {
        for effect in effects {
            switch effect {
            case .send(let message, let id, let connection):
                try checkSend(message, to: id)
                sendDown(connection, message)
            case .close(let connection): closeByCoordinator(connection)
            }
        }
    }

    func crashCoordinator() {
        guard isCoordinatorUp else { return }
        trace("the coordinator crashes")
        isCoordinatorUp = false
        (stalledUntil, signs) = (0, [:])
        coordinatorLife += 1
        for index in links.indices where links[index].coordinatorLife == coordinatorLife - 1 {
            // What it has sent may or may not leave the machine.
            if random.chance(0.5) { links[index].isCutDown = true }
            if !links[index].isClosedByCoordinator {
                links[index].isClosedByCoordinator = true
                enter(.downClosed(link: index), after: max(0, links[index].lastDown - now) + delay())
            }
        }
        enter(.startCoordinator, after: random.chance(0.7) ? random.real(0.05...2) : random.real(2...12))
    }

    func startCoordinator() throws(Violation) {
        guard !isCoordinatorUp else { return }
        do {
            cluster = try store.load(at: moment, recodes: plan.recodes)
        } catch {
            throw violation(.storedIsLive, "the store cannot be read: \(error)")
        }
        trace("the coordinator starts")
        if coordinatorLife > 0 { situations.note(.coordinatorRestart) }
        isCoordinatorUp = true
        upSince = now
        try checkMemory()
        enter(.tick(life: coordinatorLife), after: 0.1)
    }

    func tick(_ life: Int) throws(Violation) {
        guard isCoordinatorUp, life == coordinatorLife else { return }
        guard isListening else { return queue.add(.tick(life: life), at: stalledUntil) }
        if case .crashed = try handle(.lived(signs.map { ($0.key, $0.value) })) { return }
        signs = [:]
        let lost = Set(cluster.workers.values.filter(\.isLost).map(\.profile.id))
        _ = try handle(.tick)
        for (id, worker) in cluster.workers where worker.isLost && !lost.contains(id) {
            try checkLoss(id)
        }
        enter(.tick(life: life), after: isChaos ? 0.1 : 0.3)
    }

    /// A worker that can be heard is not taken for lost.
    private func checkLoss(_ id: WorkerID) throws(Violation) {
        guard let index = workerIndex[id], workers[index].isDaemonUp, workers[index].isRegistered,
            let link = workers[index].link, links[link].isRegistered, !links[link].isCutUp,
            !links[link].isClosedByCoordinator, links[link].coordinatorLife == coordinatorLife
        else { return }
        // A partition takes what a worker sends before its connection is seen to be cut.
        guard !isPartitioned(index) else { return }
        throw violation(.liveness, "\(id) was heard and is taken for lost")
    }

    /// While the store stands still messages wait; that somebody lives is noted all the same.
    private func wait(_ link: Int, _ message: ControlMessage) {
        let id = plan.workers[links[link].worker].id
        signs[id] = now
        guard case .heartbeat(let sequence, _) = message else {
            return queue.add(.up(link: link, message), at: stalledUntil)
        }
        situations.note(.heardWhileStalled)
        sendDown(link, .heartbeat(sequence: sequence, hotStateBytes: 0))
    }

    /// A message arrives at the coordinator.
    func arriveUp(_ link: Int, _ message: ControlMessage) throws(Violation) {
        let known = links[link]
        guard isCoordinatorUp, known.coordinatorLife == coordinatorLife, !known.isCutUp,
            !known.isClosedByCoordinator
        else { return }
        guard isListening else { return wait(link, message) }
        trace("\(plan.workers[known.worker].id) → \(Self.words(message))")
        if case .register(let registration) = message {
            return try register(link, registration)
        }
        let id = plan.workers[known.worker].id
        guard known.isRegistered, cluster.workers[id]?.connection == link else { return }
        let outcome: Outcome
        switch message {
        case .heartbeat(let sequence, let bytes):
            outcome = try handle(.heartbeat(id, hotStateBytes: Int(bytes)))
            if case .done = outcome { sendDown(link, .heartbeat(sequence: sequence, hotStateBytes: 0)) }
        case .running(let attempt): outcome = try handle(.running(attempt, by: id))
        case .lines(let chunks): outcome = try take(chunks, id, link)
        case .ended(let attempt, let end):
            outcome = try handle(.ended(attempt, ends[Int(end[0]) | Int(end[1]) << 8], by: id))
        case .drain(let wish):
            outcome = try handle(
                .drain(id, reason: wish.reason, deadlineSeconds: wish.deadlineSeconds, isOrdered: false))
        default: throw violation(.wholeGangs, "\(id) sent \(Self.words(message)) to the coordinator")
        }
        // A failure ends the connection, and the worker says it all again.
        switch outcome {
        case .done, .crashed: break
        case .refused, .failed: try drop(link)
        }
    }

    private func register(_ link: Int, _ registration: Registration) throws(Violation) {
        let wasKnown = Set(registration.attempts)
        links[link].isRegistered = true
        switch try handle(.register(registration, connection: link)) {
        case .crashed: break
        case .refused(let error):
            sendDown(link, .refused(code: error.code.rawValue, reason: error.message))
            links[link].isRegistered = false
            closeByCoordinator(link)
        case .failed:
            links[link].isRegistered = false
            closeByCoordinator(link)
        case .done:
            for gang in liveGangs where wasKnown.contains(gangs[gang].attempt) && isGivenUp(gang) {
                enter(.staleCheck(gang: gang, link: link), after: 2 + 4 * plan.longestDelay)
            }
        }
    }

    private func take(_ chunks: [LineChunk], _ id: WorkerID, _ link: Int) throws(Violation) -> Outcome {
        let outcome = try handle(.heartbeat(id, hotStateBytes: 0))
        guard case .done = outcome else { return outcome }
        var marks: [LineMark] = []
        var reports: [TrainingReport] = []
        var positions: [(AttemptID, Int)] = []
        for chunk in chunks {
            let end = Int(chunk.offset) + chunk.data.count
            let stored = store.positions[chunk.attempt] ?? 0
            if cluster.jobs[chunk.attempt.job] == nil || chunk.offset > stored || end <= stored {
                let next = cluster.jobs[chunk.attempt.job] == nil ? end : stored
                if end <= stored, !chunk.data.isEmpty { situations.note(.reportRepeated) }
                marks.append(LineMark(attempt: chunk.attempt, stream: chunk.stream, next: UInt64(next)))
                continue
            }
            guard
                let gang = workers[links[link].worker].book[chunk.attempt]?.gang
                    ?? workers[links[link].worker].disk[chunk.attempt]
            else { continue }
            reports.append(
                TrainingReport(attempt: chunk.attempt, events: Array(gangs[gang].events[stored..<end])))
            positions.append((chunk.attempt, end))
            marks.append(LineMark(attempt: chunk.attempt, stream: chunk.stream, next: UInt64(end)))
        }
        if !reports.isEmpty {
            let outcome = try handle(.trained(reports), positions: positions)
            guard case .done = outcome else { return outcome }
        }
        sendDown(link, .received(marks))
        return .done
    }

    /// The coordinator's side of a connection ends by its own fault.
    private func drop(_ link: Int) throws(Violation) {
        closeByCoordinator(link)
        try disconnected(link)
    }

    func coordinatorSeesEnd(_ link: Int) throws(Violation) {
        guard isCoordinatorUp, links[link].coordinatorLife == coordinatorLife,
            !links[link].isClosedByCoordinator
        else { return }
        guard isListening else { return queue.add(.upClosed(link: link), at: stalledUntil) }
        links[link].isClosedByCoordinator = true
        try disconnected(link)
    }

    private func disconnected(_ link: Int) throws(Violation) {
        let id = plan.workers[links[link].worker].id
        guard cluster.workers[id]?.connection == link else { return }
        _ = try handle(.disconnect(id, connection: link))
    }

    static func words(_ message: ControlMessage) -> String {
        switch message {
        case .launch(let order):
            "launch \(order.attempt) on "
                + order.gang.map { "\($0.worker)×\($0.ranks)" }.joined(separator: " ")
        case .lines(let chunks):
            "lines " + chunks.map { "\($0.attempt) \($0.offset)+\($0.data.count)" }.joined(separator: ", ")
        case .received(let marks):
            "received " + marks.map { "\($0.attempt) \($0.next)" }.joined(separator: ", ")
        case .register(let registration):
            "register \(registration.instance), attempts \(registration.attempts), "
                + "hot \(registration.hotJobs)"
                + (registration.departure == nil ? "" : ", leaving")
        case .ended(let attempt, _): "ended \(attempt)"
        default: "\(message)"
        }
    }
}
