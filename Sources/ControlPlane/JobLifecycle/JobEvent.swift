public import ClusterTypes

/// What happens to a job. Events about an attempt carry its number; those of an attempt that is not
/// the current one change nothing.
public enum JobEvent: Sendable, Equatable {
    /// The scheduler found slots: one worker for every rank, that of a state keeper first.
    case placed([WorkerID], hasKeeper: Bool = false)
    /// The scheduler found none, for this reason.
    case waits(reason: String)
    /// The worker reports that the attempt's supervisor runs.
    case running(attempt: Int)
    /// The gang wrote this to its `events.jsonl`.
    case training(attempt: Int, TrainingEvent)
    /// The gang is gone.
    case ended(attempt: Int, AttemptEnd)
    /// The worker that supervises the attempt is lost, and the attempt with it.
    case lost(attempt: Int, reason: String)
    /// Another worker of the gang is lost.
    case memberLost(attempt: Int, WorkerID)
    /// The worker that should supervise the attempt is there and does not know it.
    case missing(attempt: Int)
    /// The gang is to commit and leave, and to start again elsewhere or in another size.
    case yield(Yield)
    /// A drain's deadline is over and this worker still has ranks.
    case overstayed(WorkerID)
    /// StopTrainingJob.
    case stopRequested
    /// Time has passed.
    case clock
}

/// What the coordinator has to do after an event.
public enum JobCommand: Sendable, Equatable {
    /// Send the launch order of this attempt.
    case launch(attempt: Int)
    /// Let the gang commit and leave.
    case stop(attempt: Int)
    /// End the gang now.
    case kill(attempt: Int)
}
