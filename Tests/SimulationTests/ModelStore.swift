import ClusterTypes
import ControlPlane
import Foundation
import JobLifecycle

/// The coordinator's disk: what a real one writes with `JobStore`, kept the same way, in pieces.
struct ModelStore {
    struct Row {
        var state: LifecycleState
        var requestJSON: String
        var specJSON: String?
        var attempts: [AttemptRecord]
        var transitions: [StatusTransition]
        var invocationID: String?
        /// The whole, put together again.
        var whole: LifecycleState {
            state.withHistory(
                requestJSON: requestJSON, specJSON: specJSON, attempts: attempts, transitions: transitions)
        }
    }

    private(set) var order: [JobName] = []
    private(set) var rows: [JobName: Row] = [:]
    private(set) var profiles: [WorkerID: WorkerProfile] = [:]
    /// How far each attempt's events are stored.
    private(set) var positions: [AttemptID: Int] = [:]

    mutating func save(_ change: ClusterChange) {
        for (old, new) in change.jobs {
            let name = new.record.name
            if let old {
                guard var row = rows[name] else { continue }
                row.state = new.withoutHistory
                Self.merge(&row.attempts, new.record.attempts, old.record.attempts)
                Self.merge(&row.transitions, new.record.transitions, old.record.transitions)
                rows[name] = row
            } else {
                order.append(name)
                rows[name] = Row(
                    state: new.withoutHistory, requestJSON: new.record.requestJSON,
                    specJSON: new.record.specJSON,
                    attempts: new.record.attempts, transitions: new.record.transitions,
                    invocationID: change.invocations[name])
            }
        }
        for profile in change.profiles { profiles[profile.id] = profile }
    }

    mutating func setPosition(_ attempt: AttemptID, _ next: Int) { positions[attempt] = next }

    /// Writes only what has changed, as `StoreTransaction.saveHistory` does.
    private static func merge<Item: Equatable>(_ stored: inout [Item], _ new: [Item], _ old: [Item]) {
        for (index, item) in new.enumerated() {
            if index < old.count, old[index] == item { continue }
            if index < stored.count { stored[index] = item } else { stored.append(item) }
        }
    }

    /// What a coordinator finds at its start.
    ///
    /// - Parameter recodes: whether everything goes through its coded form, as on a real disk.
    func load(at time: Moment, recodes: Bool) throws -> ClusterState {
        var jobs: [(state: LifecycleState, invocationID: String?)] = []
        for name in order {
            guard let row = rows[name] else { continue }
            jobs.append((recodes ? try Self.recode(row.whole) : row.whole, row.invocationID))
        }
        let workers = profiles.values.sorted { $0.id < $1.id }
        return ClusterState(
            leaseSeconds: SimulationPlan.leaseSeconds, heartbeatSeconds: SimulationPlan.heartbeatSeconds,
            jobs: jobs, workers: recodes ? try Self.recode(workers) : workers, at: time)
    }

    private static func recode<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: try JSONEncoder().encode(value))
    }
}
