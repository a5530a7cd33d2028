/// The waiting jobs in the scheduler's order: by rank, then by age.
package struct JobQueue: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        var job: WaitingJob
        var notBefore: Double
    }
    private var entries: [Int: Entry] = [:]
    private var ranks: [Int: OrdinalSet] = [:]

    package init() {}

    /// Enters a job.
    ///
    /// - Parameters:
    ///   - age: smaller for an older job; its key here.
    ///   - notBefore: the job pauses until then, in seconds since 1970.
    package mutating func enter(_ job: WaitingJob, age: Int, notBefore: Double) {
        entries[age] = Entry(job: job, notBefore: notBefore)
        let rank = Scheduler.rank(priority: job.priority, passedOver: job.passedOver)
        ranks[rank, default: OrdinalSet()].insert(age)
    }

    /// Strikes a job.
    package mutating func strike(age: Int) {
        guard let job = entries.removeValue(forKey: age)?.job else { return }
        let rank = Scheduler.rank(priority: job.priority, passedOver: job.passedOver)
        ranks[rank]?.remove(age)
        if ranks[rank]?.isEmpty ?? false { ranks[rank] = nil }
    }

    /// Goes through the jobs that do not pause at `time`, until `body` has seen enough.
    ///
    /// - Parameter body: gets a job and its age, and answers whether to go on.
    package func forEach(at time: Double, _ body: (WaitingJob, Int) -> Bool) {
        for rank in ranks.keys.sorted(by: >) {
            guard let ages = ranks[rank] else { continue }
            var position = 0
            while let age = ages.next(from: position) {
                position = age + 1
                guard let entry = entries[age], entry.notBefore <= time else { continue }
                if !body(entry.job, age) { return }
            }
        }
    }
}
