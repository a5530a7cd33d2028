import ClusterTypes
import JobLifecycle

extension ClusterState {
    /// What the books of queues and slots have got wrong, in words; `nil`: nothing.
    ///
    /// Makes the books anew from the jobs, so it takes time proportional to their number.
    package func wrongBook() -> String? {
        var books = JobBooks()
        for (ordinal, name) in order.enumerated() {
            guard let state = jobs[name] else { continue }
            guard ordinals[name] == ordinal else {
                return "\(name) is not in its place"
            }
            books.enter(state, ordinal)
        }
        let inOrder = order.count { jobs[$0] != nil }
        if jobs.count != inOrder { return "there are \(jobs.count) jobs, \(inOrder) in order" }
        if Array(books.waiting) != Array(self.books.waiting) { return "the queue is not the jobs that wait" }
        if Array(books.gangs) != Array(self.books.gangs) { return "the gangs are not those of the jobs" }
        if books.taken != self.books.taken {
            return "the slots taken are \(self.books.taken), the jobs have \(books.taken)"
        }
        return books.sorted == self.books.sorted ? nil : "the books of ranks and requests are wrong"
    }
}
