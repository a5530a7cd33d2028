package import ClusterTypes
import Diagnostics
import JobLifecycle
import Wire

extension ClusterState {
    /// A worker introduces itself.
    ///
    /// - Throws: `.conflict` when another daemon of its name is connected.
    mutating func register(
        _ registration: Registration, _ connection: Int, _ time: Moment
    ) throws(LockstepError) {
        let id = registration.worker
        let known = workers[id]
        if let known, known.isPresent, known.instance != registration.instance {
            throw LockstepError(
                .conflict, "a worker named \(id) is connected already: start this one with another --name")
        }
        guard known != nil || workers.count < Self.workerLimit else {
            throw LockstepError(
                .conflict,
                "the coordinator knows \(workers.count) workers and takes no more: "
                    + "strike lost ones by 'lockstep workers forget'")
        }
        if let old = known?.connection { effects.append(.close(connection: old)) }
        var profile = WorkerProfile(
            id: id, address: registration.address, kind: registration.kind, slots: registration.slots,
            launchPort: registration.launchPort, hotStateFolder: registration.hotStateFolder,
            lastSeen: time.wall)
        profile.quarantine = known?.profile.quarantine
        profile.departure = known?.profile.departure.flatMap { $0.isOrdered ? $0 : nil }
        var worker = WorkerStanding(profile, lastHeard: time.steady)
        worker.instance = registration.instance
        worker.connection = connection
        worker.hotStateBytes = known?.hotStateBytes ?? 0
        put(worker)
        needsPlan = true
        send(.registered(leaseSeconds: leaseSeconds, heartbeatSeconds: heartbeatSeconds), to: id)
        reconcile(id, reported: registration.attempts, time)
        for name in registration.hotJobs where jobs[name]?.phase ?? .over == .over {
            send(.forget(name, attempts: false), to: id)
        }
        if let departure = registration.departure {
            try drain(id, departure.reason, departure.deadlineSeconds, isOrdered: false, time)
        }
    }

    /// Compares what a worker runs with what it should run.
    private mutating func reconcile(_ id: WorkerID, reported: [AttemptID], _ time: Moment) {
        for attempt in reported { reportRunning(attempt, by: id, time) }
        for state in gangs(on: id) where state.record.attempts.last?.workers.first == id {
            let current = AttemptID(job: state.record.name, number: state.attempt)
            if !reported.contains(current) {
                apply(.missing(attempt: current.number), to: state.record.name, time)
            }
        }
    }

    mutating func reportRunning(_ attempt: AttemptID, by id: WorkerID, _ time: Moment) {
        guard let state = jobs[attempt.job] else {
            // A job this coordinator has never heard of: the worker's folder is older than our store.
            return send(.kill(attempt), to: id)
        }
        // Only its supervisor knows of an attempt; what another worker runs by that name is to end.
        guard supervisor(of: attempt) == id else { return send(.kill(attempt), to: id) }
        let isCurrent = state.hasGang && state.attempt == attempt.number
        if !isCurrent {
            change(id) { $0.abandoned.insert(attempt) }
            needsPlan = true
        }
        apply(.running(attempt: attempt.number), to: attempt.job, time)
    }

    /// The worker that supervises an attempt: its gang's first. `nil` for an unknown attempt.
    package func supervisor(of attempt: AttemptID) -> WorkerID? { members(attempt).first }

    /// Any message is a sign of life.
    mutating func heard(_ id: WorkerID, _ time: Moment, hotStateBytes: Int? = nil) {
        guard workers[id]?.connection != nil else { return }
        workers[id]?.lastHeard = time.steady
        if let hotStateBytes { workers[id]?.hotStateBytes = hotStateBytes }
    }

    /// A worker was heard at `last`, of the steady clock, on whatever connection.
    mutating func lived(_ id: WorkerID, until last: Double) {
        guard let worker = workers[id], !worker.isLost else { return }
        workers[id]?.lastHeard = max(worker.lastHeard, last)
    }

    /// A worker's lease is over: its gangs are ended and their jobs start again elsewhere.
    mutating func lose(_ id: WorkerID, _ time: Moment) {
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
        _ id: WorkerID, _ reason: String, _ seconds: Double?, isOrdered: Bool, _ time: Moment
    ) throws(LockstepError) {
        guard let known = workers[id] else {
            throw LockstepError(.notFound, "there is no worker named \(id)")
        }
        let before = known.profile.departure
        let deadline = [seconds.map { time.steady + $0 }, before?.deadline].compactMap { $0 }.min()
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

    /// Most workers of a cluster, lost ones included.
    static let workerLimit = 16_384

    /// How long a lost worker is remembered, in seconds, unless it is quarantined or was drained by order.
    package static let memorySeconds = 7 * 86_400.0

    /// A worker will not come back.
    mutating func forget(_ id: WorkerID) throws(LockstepError) {
        guard let worker = workers[id] else {
            throw LockstepError(.notFound, "there is no worker named \(id)")
        }
        guard !worker.isPresent, !isOccupied(id) else {
            throw LockstepError(
                .conflict,
                worker.isPresent
                    ? "worker \(id) is connected: end its daemon first"
                    : "worker \(id) may still run ranks: wait until its lease is over")
        }
        remove(id)
    }

    /// Forgets those that have been lost for long.
    mutating func forgetLongLost(_ time: Moment) {
        for (id, worker) in workers.sorted(by: { $0.key < $1.key }) {
            let age = min(time.steady - worker.lastHeard, time.wall - worker.profile.lastSeen)
            let isLong = age > Self.memorySeconds
            let isMarked = worker.profile.quarantine != nil || worker.profile.departure?.isOrdered ?? false
            if isLong, worker.isLost, !isMarked, !isOccupied(id) { remove(id) }
        }
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
