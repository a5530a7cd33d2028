import ClusterTypes
import ControlPlane
import Diagnostics
import JobLifecycle

/// Where clocks do not matter both show the same.
extension ClusterState {
    mutating func handle(_ event: ClusterEvent, at time: Double) throws(LockstepError) -> ClusterChange {
        try handle(event, at: Moment(steady: time, wall: time))
    }
}
