import ClusterTypes
import JobLifecycle

/// In most tests both clocks show the same.
extension LifecycleState {
    init(_ draft: JobDraft, at time: Double) { self.init(draft, at: Moment(steady: time, wall: time)) }

    mutating func apply(_ event: JobEvent, at time: Double) -> [JobCommand] {
        apply(event, at: Moment(steady: time, wall: time))
    }
}
