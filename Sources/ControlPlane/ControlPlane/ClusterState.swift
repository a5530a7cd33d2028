package import ClusterTypes
package import Diagnostics
package import JobLifecycle
import JobSpecs
import Scheduling
import Wire

/// The cluster's memory and will as a pure state machine: (state, event, time) → (state, what to store
/// and to send). Jobs' own machines are inside.
///
/// Clock, connections and store are outside, so that a simulation can drive all of it through lost and
/// late messages and crashes. An event is handled as a whole: the caller stores the change and then
/// carries out its effects, or, when the store fails, rolls it back and does nothing.
package struct ClusterState: Sendable {
    /// A worker that is silent for so long is lost.
    package let leaseSeconds: Double
    /// How often workers report.
    package let heartbeatSeconds: Double

    /// Every job ever created.
    package internal(set) var jobs: [JobName: LifecycleState] = [:]
    /// Names in the order of creation; a name that has been forgotten and taken again leaves a gap.
    package internal(set) var order: [JobName] = []
    package internal(set) var workers: [WorkerID: WorkerStanding] = [:]

    var ordinals: [JobName: Int] = [:]
    var invocations: [JobName: String] = [:]
    var books = JobBooks()
    /// Workers that can be used and their free slots, without what has changed on the stale ones.
    var rooms = Rooms()
    var staleRooms: Set<WorkerID> = []
    /// Workers that run attempts which have been given up, and workers that are to leave.
    var abandoning: Set<WorkerID> = []
    var departing: Set<WorkerID> = []
    /// Whether a new plan could differ from the last one.
    var needsPlan = true
    /// When the queue was last looked at for no other reason than the time.
    var lastLook = -Double.infinity
    /// When the clock was looked at last, by the steady clock; `nil`: not yet.
    var lastTick: Double?
    /// No job reaches a limit before this time.
    var nextLimit = -Double.infinity
    /// When a job of a long queue was last told why it waits.
    var reasonTimes: [JobName: Double] = [:]

    /// What the current event has changed so far: the values before it.
    private var oldJobs: [JobName: LifecycleState?] = [:]
    private var oldWorkers: [WorkerID: WorkerStanding?] = [:]
    var effects: [ClusterEffect] = []
    var refusals: [Int: LockstepError] = [:]

    /// A cluster as its store remembers it, after a start at `time`: every known worker gets a whole
    /// lease to come back.
    ///
    /// - Parameter jobs: oldest first, with the id of the call that created each.
    package init(
        leaseSeconds: Double, heartbeatSeconds: Double,
        jobs stored: [(state: LifecycleState, invocationID: String?)] = [],
        workers profiles: [WorkerProfile] = [], at time: Moment = Moment(steady: 0, wall: 0)
    ) {
        self.leaseSeconds = leaseSeconds
        self.heartbeatSeconds = heartbeatSeconds
        for (state, invocationID) in stored {
            adopt(state, invocationID: invocationID)
        }
        for profile in profiles { set(WorkerStanding(profile, lastHeard: time.steady), for: profile.id) }
    }

    /// Jobs that the current event has changed.
    var changedJobs: Set<JobName> { Set(oldJobs.keys) }

    /// Applies one event.
    ///
    /// - Returns: what to store and, after that, to do.
    /// - Throws: what the event's sender is to be told; nothing has changed then.
    package mutating func handle(
        _ event: ClusterEvent, at time: Moment
    ) throws(LockstepError) -> ClusterChange {
        oldJobs = [:]
        oldWorkers = [:]
        effects = []
        refusals = [:]
        do {
            try follow(event, time)
        } catch {
            rollBack()
            throw error
        }
        if needsPlan { plan(time) }
        tellDrained()
        return change()
    }

    /// Takes the last event back; its change could not be stored.
    package mutating func rollBack() {
        for (name, old) in oldJobs {
            if let new = jobs[name] { account(new, sign: -1) }
            if let old {
                jobs[name] = old
                account(old, sign: 1)
            } else {
                jobs[name] = nil
                ordinals[name] = nil
                invocations[name] = nil
                // A new job is the last one.
                order.removeLast()
            }
        }
        for (id, old) in oldWorkers { set(old, for: id) }
        oldJobs = [:]
        oldWorkers = [:]
        needsPlan = true
    }

    private mutating func follow(_ event: ClusterEvent, _ time: Moment) throws(LockstepError) {
        switch event {
        case .create(let creations): try create(creations, time)
        case .stop(let name): try stop(name, time)
        case .collect(let names): for name in names { collect(name) }
        case .register(let registration, let connection): try register(registration, connection, time)
        case .disconnect(let id, let connection):
            if workers[id]?.connection == connection { change(id) { $0.connection = nil } }
        case .heartbeat(let id, let bytes): heard(id, time, hotStateBytes: bytes)
        case .lived(let signs): for (id, last) in signs { lived(id, until: last) }
        case .running(let attempt, let id):
            heard(id, time)
            reportRunning(attempt, by: id, time)
        case .trained(let reports): for report in reports { train(report.attempt, report.events, time) }
        case .ended(let attempt, let end, let id):
            heard(id, time)
            // Of another worker's attempt it can tell nothing; it may forget what it has.
            if supervisor(of: attempt) == id {
                apply(.ended(attempt: attempt.number, end), to: attempt.job, time)
            }
            if workers[id]?.abandoned.contains(attempt) ?? false {
                change(id) { $0.abandoned.remove(attempt) }
                needsPlan = true
            }
            send(.settled(attempt), to: id)
        case .drain(let id, let reason, let seconds, let isOrdered):
            try drain(id, reason, seconds, isOrdered: isOrdered, time)
        case .resume(let id): try resume(id)
        case .forget(let id): try forget(id)
        case .tick: tick(time)
        }
    }

    private func change() -> ClusterChange {
        var change = ClusterChange()
        // New jobs go into the store in the order that they have here.
        let changed = oldJobs.sorted {
            (ordinals[$0.key] ?? .max, $0.key) < (ordinals[$1.key] ?? .max, $1.key)
        }
        for (name, old) in changed {
            guard let new = jobs[name] else {
                change.collected.append(name)
                continue
            }
            if old != new { change.jobs.append((old, new)) }
            if old == nil { change.invocations[name] = invocations[name] }
        }
        for (id, old) in oldWorkers.sorted(by: { $0.key < $1.key }) {
            guard let profile = workers[id]?.profile else {
                if old != nil { change.forgotten.append(id) }
                continue
            }
            if profile != old?.profile { change.profiles.append(profile) }
        }
        change.effects = effects
        change.refusals = refusals
        return change
    }
}

extension ClusterState {
    /// Applies an event to a job and follows its commands.
    mutating func apply(_ event: JobEvent, to name: JobName, _ time: Moment) {
        guard let old = jobs[name] else { return }
        var state = old
        let commands = state.apply(event, at: time)
        if state != old { replace(old, by: state) }
        follow(commands, of: state)
        if state.phase == .over, old.phase != .over {
            reasonTimes[name] = nil
            forget(state, attempts: false)
        }
    }

    mutating func replace(_ old: LifecycleState, by state: LifecycleState) {
        let name = state.record.name
        if oldJobs[name] == nil { oldJobs[name] = .some(old) }
        account(old, sign: -1)
        jobs[name] = state
        account(state, sign: 1)
        let isEnding = state.phase == .over && old.phase != .over
        if isEnding || old.hasGang != state.hasGang || old.isLeaving != state.isLeaving
            || old.record.attempts.last?.workers != state.record.attempts.last?.workers
        {
            needsPlan = true
        }
    }

    /// Adds a job that no event may change back but `rollBack`.
    mutating func insert(_ state: LifecycleState, invocationID: String?) {
        oldJobs[state.record.name] = .some(nil)
        adopt(state, invocationID: invocationID)
        needsPlan = true
    }

    /// Forgets a job that is over.
    mutating func collect(_ name: JobName) {
        guard let state = jobs[name], state.phase == .over else { return }
        oldJobs[name] = .some(state)
        jobs[name] = nil
        forget(state, attempts: true)
    }

    private mutating func adopt(_ state: LifecycleState, invocationID: String?) {
        let name = state.record.name
        // The name was another job's once.
        if let ordinal = ordinals[name] { order[ordinal] = JobName("") }
        ordinals[name] = order.count
        order.append(name)
        invocations[name] = invocationID
        jobs[name] = state
        account(state, sign: 1)
    }

    /// Changes a worker.
    mutating func change(_ id: WorkerID, _ body: (inout WorkerStanding) -> Void) {
        guard var worker = workers[id] else { return }
        if oldWorkers[id] == nil { oldWorkers[id] = .some(worker) }
        body(&worker)
        set(worker, for: id)
    }

    /// Adds or replaces a worker.
    mutating func put(_ worker: WorkerStanding) {
        let id = worker.profile.id
        if oldWorkers[id] == nil { oldWorkers[id] = .some(workers[id]) }
        set(worker, for: id)
    }

    /// Takes a worker out.
    mutating func remove(_ id: WorkerID) {
        guard let worker = workers[id] else { return }
        if oldWorkers[id] == nil { oldWorkers[id] = .some(worker) }
        set(nil, for: id)
    }

    /// Makes a worker's standing what is given, and the books with it.
    private mutating func set(_ worker: WorkerStanding?, for id: WorkerID) {
        for attempt in workers[id]?.abandoned ?? [] { staleRooms.formUnion(members(attempt)) }
        for attempt in worker?.abandoned ?? [] { staleRooms.formUnion(members(attempt)) }
        workers[id] = worker
        staleRooms.insert(id)
        if worker?.abandoned.isEmpty ?? true { abandoning.remove(id) } else { abandoning.insert(id) }
        if worker?.profile.departure == nil { departing.remove(id) } else { departing.insert(id) }
    }

    /// Workers of an attempt, one for every rank.
    func members(_ attempt: AttemptID) -> [WorkerID] {
        jobs[attempt.job]?.record.attempts.first { $0.number == attempt.number }?.workers ?? []
    }

    /// Enters a job into, or strikes it from, the books of queues and slots.
    private mutating func account(_ state: LifecycleState, sign: Int) {
        guard state.phase != .over, let ordinal = ordinals[state.record.name] else { return }
        if sign > 0 {
            books.enter(state, ordinal)
            nextLimit = min(nextLimit, state.nextClock)
        } else {
            books.strike(state, ordinal)
        }
        if state.hasGang { staleRooms.formUnion(state.record.attempts.last?.workers ?? []) }
    }

    /// Jobs with ranks on a worker, oldest first.
    func gangs(on id: WorkerID) -> [LifecycleState] { books.gangs(on: id).compactMap { jobs[order[$0]] } }

    /// Sends to a worker, if it is there.
    mutating func send(_ message: ControlMessage, to id: WorkerID) {
        guard let connection = workers[id]?.connection else { return }
        effects.append(.send(message, to: id, connection: connection))
    }

    private mutating func follow(_ commands: [JobCommand], of state: LifecycleState) {
        for command in commands {
            let number =
                switch command {
                case .launch(let n), .stop(let n), .kill(let n): n
                }
            guard let attempt = state.record.attempts.first(where: { $0.number == number }),
                let supervisor = attempt.workers.first
            else { continue }
            let id = AttemptID(job: state.record.name, number: number)
            switch command {
            case .launch: if let order = launchOrder(state, attempt) { send(.launch(order), to: supervisor) }
            case .stop: send(.stop(id), to: supervisor)
            case .kill: send(.kill(id), to: supervisor)
            }
        }
    }

    /// The job is over: its hot state is of no use any more.
    ///
    /// - Parameter attempts: whether its attempts' folders are of none either.
    mutating func forget(_ state: LifecycleState, attempts: Bool) {
        let holders = Set(state.record.attempts.flatMap(\.workers))
        for id in holders.sorted() { send(.forget(state.record.name, attempts: attempts), to: id) }
    }

    private func launchOrder(_ state: LifecycleState, _ attempt: AttemptRecord) -> LaunchOrder? {
        var gang: [GangMember] = []
        // The supervising worker's node comes first: mpirun runs there, and rank 0 with it.
        for (rank, id) in attempt.workers.enumerated() {
            let isKeeper = attempt.hasKeeper && rank == 0
            if let last = gang.indices.last, gang[last].worker == id, !gang[last].isKeeper {
                gang[last].ranks += 1
            } else {
                guard let worker = workers[id]?.profile else { return nil }
                let folder = worker.hotStateFolder
                gang.append(
                    GangMember(
                        worker: id, address: worker.address, launchPort: worker.launchPort, ranks: 1,
                        hotStateFolder: folder.isEmpty ? "" : "\(folder)/\(state.record.name)",
                        isKeeper: isKeeper))
            }
        }
        return LaunchOrder(
            attempt: AttemptID(job: state.record.name, number: attempt.number),
            request: Array(state.record.requestJSON.utf8), spec: Array((state.record.specJSON ?? "").utf8),
            gang: gang, environment: Self.environment(of: state.record),
            minimumRanks: state.slotRange.lowerBound)
    }

    /// Sorted by name; none where the job's specification cannot be read: its worker says so.
    private static func environment(of record: JobRecord) -> [EnvironmentVariable] {
        let text = Array((record.specJSON ?? "").utf8)
        guard let job = try? JobSpec(decoding: text, source: "the specification") else { return [] }
        return job.variables.sorted { $0.key < $1.key }
            .map { EnvironmentVariable(name: $0.key, value: $0.value) }
    }
}
