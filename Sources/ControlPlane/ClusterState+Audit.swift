import ClusterTypes
import JobLifecycle

extension ClusterState {
    /// What the books of queues and slots have got wrong, in words; `nil`: nothing.
    ///
    /// Makes the books anew from the jobs, so it takes time proportional to their number.
    package func wrongBook() -> String? {
        var waiting = OrdinalSet()
        var gangs = OrdinalSet()
        var taken: [WorkerID: Int] = [:]
        for (ordinal, name) in order.enumerated() {
            guard let state = jobs[name], ordinals[name] == ordinal else { return "\(name) is not in its place" }
            guard state.phase != .over else { continue }
            if state.hasGang {
                gangs.insert(ordinal)
                for worker in state.record.attempts.last?.workers ?? [] { taken[worker, default: 0] += 1 }
            } else {
                waiting.insert(ordinal)
            }
        }
        if jobs.count != order.count { return "there are \(jobs.count) jobs, \(order.count) in order" }
        if waiting.values != self.waiting.values { return "the queue is not the jobs that wait" }
        if gangs.values != self.gangs.values { return "the gangs are not those of the jobs" }
        let booked = self.taken.filter { $0.value != 0 }
        return booked == taken ? nil : "the slots taken are \(booked), the jobs have \(taken)"
    }
}
