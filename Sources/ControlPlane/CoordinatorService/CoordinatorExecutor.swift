import Dispatch

/// A thread of the coordinator's own: a store that takes seconds to write holds up nobody else's tasks.
final class CoordinatorExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "lockstep.coordinator")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
