package import ClusterTypes
package import Diagnostics
package import JobLifecycle
package import Wire

/// What happens to the cluster.
package enum ClusterEvent: Sendable {
    /// Calls of CreateTrainingJob that have come in together. Each is refused for itself
    /// (`ClusterChange.refusals`); one that is alone throws its refusal.
    case create([JobCreation])
    /// StopTrainingJob.
    case stop(JobName)
    /// These jobs are over, and forgotten.
    case collect([JobName])
    /// A worker introduces itself on a new connection.
    case register(Registration, connection: Int)
    /// A connection has ended; its worker may come back within the lease.
    case disconnect(WorkerID, connection: Int)
    /// A sign of life, with the bytes of hot state that the worker holds.
    case heartbeat(WorkerID, hotStateBytes: Int)
    /// When workers were heard last, by the steady clock, also such as wait for their registration to be
    /// stored: word that did not have to wait for the store.
    case lived([(WorkerID, Double)])
    /// A worker says that the attempt's supervisor runs.
    case running(AttemptID, by: WorkerID)
    /// New lines of `events.jsonl`.
    case trained([TrainingReport])
    /// The gang is gone.
    case ended(AttemptID, AttemptEnd, by: WorkerID)
    /// A worker is to have no ranks any more.
    case drain(WorkerID, reason: String, deadlineSeconds: Double?, isOrdered: Bool)
    /// A drained or quarantined worker is taken back.
    case resume(WorkerID)
    /// A worker that is lost will not come back.
    case forget(WorkerID)
    /// Time has passed.
    case tick
}

/// A call of CreateTrainingJob.
package struct JobCreation: Sendable {
    package var draft: JobDraft
    /// The id of the call, if it had one.
    package var invocationID: String?
    package init(_ draft: JobDraft, invocationID: String?) {
        self.draft = draft
        self.invocationID = invocationID
    }
}

extension ClusterEvent {
    /// A single call of CreateTrainingJob.
    package static func create(_ draft: JobDraft, invocationID: String?) -> ClusterEvent {
        .create([JobCreation(draft, invocationID: invocationID)])
    }
}

/// What a gang has told.
package struct TrainingReport: Sendable {
    package var attempt: AttemptID
    package var events: [TrainingEvent]
    package init(attempt: AttemptID, events: [TrainingEvent]) {
        self.attempt = attempt
        self.events = events
    }
}

/// What the coordinator has to do once a change is stored.
package enum ClusterEffect: Sendable, Equatable {
    case send(ControlMessage, to: WorkerID, connection: Int)
    case close(connection: Int)
}

/// All that one event has changed, for the store, and what follows from it.
package struct ClusterChange: Sendable {
    /// Jobs before and after; before is `nil` for a new one.
    package var jobs: [(old: LifecycleState?, new: LifecycleState)] = []
    /// Jobs that are forgotten.
    package var collected: [JobName] = []
    /// Ids of the calls that created the new ones among them.
    package var invocations: [JobName: String] = [:]
    /// Why creations were refused, by their place in the event.
    package var refusals: [Int: LockstepError] = [:]
    /// Profiles that differ.
    package var profiles: [WorkerProfile] = []
    /// Workers that are known no more.
    package var forgotten: [WorkerID] = []
    package var effects: [ClusterEffect] = []

    /// Whether there is nothing to store.
    package var isVolatile: Bool {
        jobs.isEmpty && collected.isEmpty && profiles.isEmpty && forgotten.isEmpty
    }
}
