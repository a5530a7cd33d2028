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

    /// What is to be done now.
    package struct Plan: Sendable, Equatable {
        /// A job that was looked at.
        package struct Step: Sendable, Equatable {
            package var job: JobName
            /// Smaller for an older job.
            package var age: Int
            package var decision: Decision
        }
        /// In the order of the queue.
        package var steps: [Step] = []
        /// `passedOver` of the jobs for which it has changed.
        package var passedOver: [JobName: Int] = [:]
        package var requests: [Request] = []

        /// What was decided about every job that was looked at.
        package var decisions: [JobName: Decision] {
            Dictionary(steps.map { ($0.job, $0.decision) }) { first, _ in first }
        }
    }

    /// Where a job stands in the queue; higher goes first, then age decides.
    package static func rank(priority: Int, passedOver: Int) -> Int {
        passedOver >= passLimit ? Int.max : priority
    }

    /// The order in which waiting jobs are looked at: those passed over too often, then by priority.
    ///
    /// - Parameter queue: oldest first.
    package static func order(_ queue: [WaitingJob]) -> [WaitingJob] {
        // Swift's sort is stable, so age decides between equals.
        queue.map { (rank: rank(priority: $0.priority, passedOver: $0.passedOver), job: $0) }
            .sorted { $0.rank > $1.rank }.map(\.job)
    }

    /// Decides about the queue, oldest first, and the running jobs.
    package static func plan(rooms: [WorkerRoom], queue: [WaitingJob], running: [RunningJob] = []) -> Plan {
        var ordered = JobQueue()
        for (age, job) in queue.enumerated() { ordered.enter(job, age: age, notBefore: 0) }
        var rooms = Rooms(rooms)
        return plan(rooms: &rooms, queue: ordered, at: 0, running: RunningJobs(running))
    }

    /// Decides about the queue and the running jobs, and looks at no more of them than it has to.
    ///
    /// - Parameter rooms: what the plan has taken is gone afterwards; `touched` tells where.
    package static func plan(
        rooms: inout Rooms, queue: JobQueue, at time: Double, running: RunningJobs
    ) -> Plan {
        // In one place at a time: a copy of a large cluster would cost more than the plan.
        var planning = Planning(rooms: Rooms(), running: running)
        swap(&planning.rooms, &rooms)
        defer { swap(&planning.rooms, &rooms) }
        queue.forEach(at: time) { job, age in
            planning.decide(job, age: age)
            return planning.feasibleCount < searchDepth
        }
        if planning.feasibleCount == 0 { planning.grow() }
        return planning.plan
    }
}

/// A plan in the making.
private struct Planning {
    var plan = Scheduler.Plan()
    /// Jobs that have been looked at and wait.
    private var waiting: [Waiting] = []
    /// Those among them for which the cluster would have room, were it empty.
    private(set) var feasibleCount = 0
    var rooms: Rooms
    private let running: RunningJobs
    /// Slots that come free soon, of jobs on spot workers and of others.
    private var leavingSlots: (spot: Int, other: Int) = (0, 0)
    /// Jobs that may be asked to make room, once they have been asked for.
    private var victims: [RunningJob]?
    /// Sentences that have been made already.
    private var shortages: [[Int]: String] = [:]
    /// The first job that nobody behind it may overtake.
    private var blocker: JobName?

    struct Waiting {
        var job: WaitingJob
        var age: Int
    }

    init(rooms: Rooms, running: RunningJobs) {
        self.rooms = rooms
        self.running = running
        for job in running.leaving { leave(job) }
    }

    private mutating func leave(_ job: RunningJob) {
        if job.usesSpot { leavingSlots.spot += job.count } else { leavingSlots.other += job.count }
    }

    mutating func decide(_ job: WaitingJob, age: Int) {
        let total = rooms.allSlots(usesSpot: job.usesSpot)
        let free = rooms.freeSlots(usesSpot: job.usesSpot)
        let least = job.slots.lowerBound
        if least > total { return wait(job, age, tooLarge(job, total), isFeasible: false) }
        if let blocker { return wait(job, age, "waiting behind \(blocker), which goes first") }
        // Slots are of no use to it without a keeper: nobody makes room in vain.
        if job.keeper == .always, rooms.free.keeper == 0 {
            let hasKeepers = rooms.total.keeper > 0
            let reason =
                hasKeepers
                ? "waiting for a place for its state keeper"
                : "wants a state keeper: start a worker with --kind keeper"
            return wait(job, age, reason, isFeasible: hasKeepers)
        }
        if least <= free { return place(job, min(free, job.slots.upperBound), age) }
        let leaving = leavingSlots.other + (job.usesSpot ? leavingSlots.spot : 0)
        if free + leaving < least, !preempt(job, missing: least - free - leaving) {
            if job.passedOver >= Scheduler.passLimit { blocker = job.name }
            let reason = tooFew(job, free, total)
            return wait(job, age, reason)
        }
        // Slots are on their way; whoever took the free ones now would undo it.
        blocker = job.name
        wait(job, age, "waiting for \(slots(least)): running jobs make room")
    }

    /// Offers what is left to running gangs that want more.
    mutating func grow() {
        guard rooms.freeSlots(usesSpot: true) > 0 else { return }
        for job in running.growing() where job.count < job.most {
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
        plan.steps.append(
            .init(job: job.name, age: age, decision: .place(gang, hasKeeper: keeper != nil)))
        for index in waiting.indices where waiting[index].age < age {
            waiting[index].job.passedOver += 1
            plan.passedOver[waiting[index].job.name] = waiting[index].job.passedOver
        }
    }

    private mutating func wait(_ job: WaitingJob, _ age: Int, _ reason: String, isFeasible: Bool = true) {
        plan.steps.append(.init(job: job.name, age: age, decision: .wait(reason: reason)))
        waiting.append(Waiting(job: job, age: age))
        if isFeasible { feasibleCount += 1 }
    }

    /// Asks jobs of lower priority to leave, if that gives `missing` slots.
    private mutating func preempt(_ job: WaitingJob, missing: Int) -> Bool {
        guard let lowest = running.lowestPriority, lowest < job.priority else { return false }
        let others = victims ?? running.preemptible()
        victims = others
        // A spot job's slots may be on spot workers, where a job without spot cannot go.
        let candidates = others.filter {
            $0.priority < job.priority && ($0.usesSpot == job.usesSpot || job.usesSpot)
        }.sorted { a, b in (a.priority, -a.startTime) < (b.priority, -b.startTime) }
        var chosen: [RunningJob] = []
        var gained = 0
        for other in candidates where gained < missing {
            chosen.append(other)
            gained += other.count
        }
        guard gained >= missing else { return false }
        for other in chosen {
            leave(other)
            plan.requests.append(.makeRoom(other.name, for: job.name))
        }
        let names = Set(chosen.map(\.name))
        victims = others.filter { !names.contains($0.name) }
        return true
    }

    private func tooLarge(_ job: WaitingJob, _ total: Int) -> String {
        let kind = job.usesSpot || rooms.allSlots(usesSpot: true) == total ? "" : " that are no spot slots"
        return total == 0 && kind.isEmpty
            ? "wants \(slots(job.slots.lowerBound)), the cluster has no worker yet"
            : "wants \(slots(job.slots.lowerBound)), the cluster has \(total)\(kind)"
    }

    /// The same words serve all jobs of a size.
    private mutating func tooFew(_ job: WaitingJob, _ free: Int, _ total: Int) -> String {
        let key = [job.slots.lowerBound, free, total]
        if let text = shortages[key] { return text }
        let text = shortage(job, free, total)
        shortages[key] = text
        return text
    }

    private func shortage(_ job: WaitingJob, _ free: Int, _ total: Int) -> String {
        "waiting for \(slots(job.slots.lowerBound)), \(free) \(free == 1 ? "is" : "are") free of \(total)"
    }

    private func slots(_ count: Int) -> String { count == 1 ? "1 slot" : "\(count) slots" }
}
