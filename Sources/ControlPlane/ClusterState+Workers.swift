package import ClusterTypes
import Diagnostics
import JobLifecycle
import Wire

extension ClusterState {
    /// A worker introduces itself.
    ///
    /// - Throws: `.conflict` when another daemon of its name is connected.
    mutating func register(
        _ registration: Registration, _ connection: Int, _ time: Double
    ) throws(LockstepError) {
        let id = registration.worker
        let known = workers[id]
        if let known, known.isPresent, known.instance != registration.instance {
            throw LockstepError(
                .conflict, "a worker named \(id) is connected already: start this one with another --name")
        }
        if let old = known?.connection { effects.append(.close(connection: old)) }
        var profile = WorkerProfile(
            id: id, address: registration.address, kind: registration.kind, slots: registration.slots,
            launchPort: registration.launchPort, hotStateFolder: registration.hotStateFolder, lastSeen: time)
        profile.quarantine = known?.profile.quarantine
        profile.departure = known?.profile.departure.flatMap { $0.isOrdered ? $0 : nil }
        var worker = WorkerStanding(profile, lastHeard: time)
        worker.instance = registration.instance
        worker.connection = connection
        worker.hotStateBytes = known?.hotStateBytes ?? 0
        put(worker)
        needsPlan = true
        send(.registered(leaseSeconds: leaseSeconds, heartbeatSeconds: heartbeatSeconds), to: id)
        reconcile(id, reported: registration.attempts, time)
        for name in registration.hotJobs where jobs[name]?.phase ?? .over == .over {
            send(.forget(name), to: id)
        }
        if let departure = registration.departure {
            try drain(id, departure.reason, departure.deadlineSeconds, isOrdered: false, time)
        }
    }

    /// Compares what a worker runs with what it should run.
    private mutating func reconcile(_ id: WorkerID, reported: [AttemptID], _ time: Double) {
        for attempt in reported { reportRunning(attempt, by: id, time) }
        for state in gangs(on: id) where state.record.attempts.last?.workers.first == id {
            let current = AttemptID(job: state.record.name, number: state.attempt)
            if !reported.contains(current) {
                apply(.missing(attempt: current.number), to: state.record.name, time)
            }
        }
    }

    mutating func reportRunning(_ attempt: AttemptID, by id: WorkerID, _ time: Double) {
        guard let state = jobs[attempt.job] else {
            // A job this coordinator has never heard of: the worker's folder is older than our store.
            return send(.kill(attempt), to: id)
        }
        let isCurrent = state.hasGang && state.attempt == attempt.number
        if !isCurrent {
            change(id) { $0.abandoned.insert(attempt) }
            needsPlan = true
        }
        if isCurrent || state.record.attempts.contains(where: { $0.number == attempt.number }) {
            apply(.running(attempt: attempt.number), to: attempt.job, time)
        } else {
            send(.kill(attempt), to: id)
        }
    }

    /// Any message is a sign of life.
    mutating func heard(_ id: WorkerID, _ time: Double, hotStateBytes: Int? = nil) {
        guard workers[id]?.connection != nil else { return }
        workers[id]?.lastHeard = time
        if let hotStateBytes { workers[id]?.hotStateBytes = hotStateBytes }
    }

    /// A worker's lease is over: its gangs are ended and their jobs start again elsewhere.
    mutating func lose(_ id: WorkerID, _ time: Double) {
        if let connection = workers[id]?.connection { effects.append(.close(connection: connection)) }
        change(id) {
            $0.isLost = true
            $0.connection = nil
            // Of what still runs there nothing is known until it is back. A dead node's old gangs must
            // not hold the slots of others for ever.
            $0.abandoned = []
        }
        needsPlan = true
        for state in gangs(on: id) {
            let gang = state.record.attempts.last?.workers ?? []
            if gang.first == id {
                apply(
                    .lost(attempt: state.attempt, reason: "worker \(id) was lost"), to: state.record.name,
                    time)
            } else {
                apply(.memberLost(attempt: state.attempt, id), to: state.record.name, time)
            }
        }
    }

    mutating func drain(
        _ id: WorkerID, _ reason: String, _ seconds: Double?, isOrdered: Bool, _ time: Double
    ) throws(LockstepError) {
        guard let known = workers[id] else {
            throw LockstepError(.notFound, "there is no worker named \(id)")
        }
        let before = known.profile.departure
        let deadline = [seconds.map { time + $0 }, before?.deadline].compactMap { $0 }.min()
        change(id) {
            $0.profile.departure = WorkerProfile.Departure(
                reason: before?.reason ?? reason, deadline: deadline,
                isOrdered: isOrdered || before?.isOrdered ?? false)
        }
        needsPlan = true
        for state in gangs(on: id) { apply(.yield(.drain(id)), to: state.record.name, time) }
    }

    mutating func resume(_ id: WorkerID) throws(LockstepError) {
        guard workers[id] != nil else {
            throw LockstepError(.notFound, "there is no worker named \(id)")
        }
        change(id) {
            $0.profile.departure = nil
            $0.profile.quarantine = nil
            $0.knowsItIsDrained = false
        }
        needsPlan = true
    }

    /// Tells workers that are drained when nothing is left on them.
    mutating func tellDrained() {
        for id in departing.sorted() {
            guard let worker = workers[id], worker.isPresent, !worker.knowsItIsDrained, !isOccupied(id) else {
                continue
            }
            change(id) { $0.knowsItIsDrained = true }
            send(.drained, to: id)
        }
    }

    /// Whether ranks run on a worker, or may still run.
    package func isOccupied(_ id: WorkerID) -> Bool { takenSlots(id) > 0 }
}
