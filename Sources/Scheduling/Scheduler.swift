package import ClusterTypes

/// Which waiting job gets which slots, and which running job has to give way or may grow.
///
/// The queue goes by priority, then by age; all ranks of a gang start or none. A job that does not fit
/// lets later, smaller jobs pass, but only `passLimit` gangs in all: after that it goes first and nobody
/// behind it starts before it does. A job that wants more than the whole cluster holds back nobody,
/// because only another worker can help it. A job of higher priority that does not fit takes the slots
/// of preemptible jobs of lower priority, the lowest and youngest first, and only if that is enough.
/// Slots that no waiting job could use go to elastic gangs. A pure function: no clock, no randomness,
/// the same answer for the same arguments.
package enum Scheduler {
    /// Gangs that may overtake a waiting job.
    package static let passLimit = 16
    /// How far behind the first job that does not fit the queue is searched for one that does.
    package static let searchDepth = 256

    package struct Plan: Sendable, Equatable {
        /// One for every job of the queue that was looked at.
        package var decisions: [JobName: Decision] = [:]
        /// `passedOver` of the jobs for which it has changed.
        package var passedOver: [JobName: Int] = [:]
        package var requests: [Request] = []
    }

    /// The order in which waiting jobs are looked at: those passed over too often, then by priority.
    ///
    /// - Parameter queue: oldest first.
    package static func order(_ queue: [WaitingJob]) -> [WaitingJob] {
        var byRank: [(rank: Int, job: WaitingJob)] = []
        byRank.reserveCapacity(queue.count)
        for job in queue { byRank.append((job.passedOver >= passLimit ? Int.max : job.priority, job)) }
        // Swift's sort is stable, so age decides between equals.
        return byRank.sorted { $0.rank > $1.rank }.map(\.job)
    }

    /// Decides about the queue, oldest first, and the running jobs.
    package static func plan(rooms: [WorkerRoom], queue: [WaitingJob], running: [RunningJob] = []) -> Plan {
        var planning = Planning(rooms: rooms, running: running)
        var age: [JobName: Int] = [:]
        for (index, job) in queue.enumerated() { age[job.name] = index }
        for job in order(queue) {
            planning.decide(job, age: age[job.name] ?? 0)
            if planning.waiting.count >= searchDepth { break }
        }
        if !planning.waiting.contains(where: \.isFeasible) { planning.grow() }
        return planning.plan
    }
}

/// A plan in the making.
private struct Planning {
    var plan = Scheduler.Plan()
    /// Jobs that have been looked at and wait.
    var waiting: [Waiting] = []
    private var rooms: Rooms
    private var running: [RunningJob]
    /// The first job that nobody behind it may overtake.
    private var blocker: JobName?

    struct Waiting {
        var job: WaitingJob
        var age: Int
        /// Whether the cluster has room for it, were it empty.
        var isFeasible: Bool
    }

    init(rooms: [WorkerRoom], running: [RunningJob]) {
        self.rooms = Rooms(rooms)
        self.running = running
    }

    mutating func decide(_ job: WaitingJob, age: Int) {
        let total = rooms.allSlots(usesSpot: job.usesSpot)
        let free = rooms.freeSlots(usesSpot: job.usesSpot)
        let least = job.slots.lowerBound
        if least > total { return wait(job, age, tooLarge(job, total), isFeasible: false) }
        if let blocker { return wait(job, age, "waiting behind \(blocker), which goes first") }
        // Slots are of no use to it without a keeper: nobody makes room in vain.
        if job.keeper == .always, rooms.free[.keeper] ?? 0 == 0 {
            let hasKeepers = rooms.total[.keeper] ?? 0 > 0
            let reason =
                hasKeepers
                ? "waiting for a place for its state keeper"
                : "wants a state keeper: start a worker with --kind keeper"
            return wait(job, age, reason, isFeasible: hasKeepers)
        }
        if least <= free { return place(job, min(free, job.slots.upperBound), age) }
        let leaving = leavingSlots(job)
        if free + leaving < least, !preempt(job, missing: least - free - leaving) {
            if job.passedOver >= Scheduler.passLimit { blocker = job.name }
            return wait(job, age, tooFew(job, free, total))
        }
        // Slots are on their way; whoever took the free ones now would undo it.
        blocker = job.name
        wait(job, age, "waiting for \(slots(least)): running jobs make room")
    }

    /// Offers what is left to running gangs that want more.
    mutating func grow() {
        for job in running where job.mayGrow && !job.isLeaving && job.count < job.most {
            let gain = min(job.most - job.count, rooms.freeSlots(usesSpot: job.usesSpot))
            guard gain > 0 else { continue }
            _ = rooms.take(gain, usesSpot: job.usesSpot)
            plan.requests.append(.grow(job.name))
        }
    }

    private mutating func place(_ job: WaitingJob, _ count: Int, _ age: Int) {
        var gang = rooms.take(count, usesSpot: job.usesSpot)
        let wantsKeeper =
            switch job.keeper {
            case .never: false
            case .always: true
            case .whenAllSpot: rooms.areSpot(gang)
            }
        let keeper = wantsKeeper ? rooms.takeKeeper() : nil
        if let keeper { gang.insert(keeper, at: 0) }
        plan.decisions[job.name] = .place(gang, hasKeeper: keeper != nil)
        for index in waiting.indices where waiting[index].age < age {
            waiting[index].job.passedOver += 1
            plan.passedOver[waiting[index].job.name] = waiting[index].job.passedOver
        }
    }

    private mutating func wait(_ job: WaitingJob, _ age: Int, _ reason: String, isFeasible: Bool = true) {
        plan.decisions[job.name] = .wait(reason: reason)
        waiting.append(Waiting(job: job, age: age, isFeasible: isFeasible))
    }

    /// Slots that gangs on their way out leave to `job`.
    private func leavingSlots(_ job: WaitingJob) -> Int {
        running.reduce(0) { $0 + ($1.isLeaving && ($1.usesSpot == job.usesSpot || job.usesSpot) ? $1.count : 0) }
    }

    /// Asks jobs of lower priority to leave, if that gives `missing` slots.
    private mutating func preempt(_ job: WaitingJob, missing: Int) -> Bool {
        // A spot job's slots may be on spot workers, where a job without spot cannot go.
        let candidates = running.indices.filter {
            let other = running[$0]
            return other.isPreemptible && !other.isLeaving && other.priority < job.priority
                && (other.usesSpot == job.usesSpot || job.usesSpot)
        }.sorted { a, b in
            (running[a].priority, -running[a].startTime) < (running[b].priority, -running[b].startTime)
        }
        var victims: [Int] = []
        var gained = 0
        for index in candidates where gained < missing {
            victims.append(index)
            gained += running[index].count
        }
        guard gained >= missing else { return false }
        for index in victims {
            running[index].isLeaving = true
            plan.requests.append(.makeRoom(running[index].name, for: job.name))
        }
        return true
    }

    private func tooLarge(_ job: WaitingJob, _ total: Int) -> String {
        let kind = job.usesSpot || rooms.allSlots(usesSpot: true) == total ? "" : " that are no spot slots"
        return total == 0 && kind.isEmpty
            ? "wants \(slots(job.slots.lowerBound)), the cluster has no worker yet"
            : "wants \(slots(job.slots.lowerBound)), the cluster has \(total)\(kind)"
    }

    private func tooFew(_ job: WaitingJob, _ free: Int, _ total: Int) -> String {
        "waiting for \(slots(job.slots.lowerBound)), \(free) \(free == 1 ? "is" : "are") free of \(total)"
    }

    private func slots(_ count: Int) -> String { count == 1 ? "1 slot" : "\(count) slots" }
}
