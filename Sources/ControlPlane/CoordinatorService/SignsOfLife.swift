import ClusterTypes
import Synchronization

/// When workers were heard last: noted where their messages arrive, so that nobody's lease waits for the
/// store or for the coordinator's other work.
final class SignsOfLife: Sendable {
    private let signs = Mutex<[WorkerID: Double]>([:])

    /// A worker is heard at `time` of the steady clock.
    func note(_ id: WorkerID, at time: Double) { signs.withLock { $0[id] = time } }

    /// All that has been noted since the last call.
    func take() -> [(WorkerID, Double)] {
        signs.withLock { signs in
            defer { signs.removeAll(keepingCapacity: true) }
            return signs.map { ($0.key, $0.value) }
        }
    }
}
