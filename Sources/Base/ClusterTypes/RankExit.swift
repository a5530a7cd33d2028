/// How `lockstep-train` ends, as its exit status tells the supervisor.
public enum RankExit {
    /// The model is written.
    public static let completed: Int32 = 0
    /// Stopped on request after a commit; another attempt goes on from there (EX_TEMPFAIL).
    public static let stopped: Int32 = 75
    /// A rank's state differed from that of the others; the `failed` event names its worker.
    public static let diverged: Int32 = 76
    /// A rank died and the others could not go on without it.
    public static let bereft: Int32 = 83
    // Any other status is a `LockstepError.Code.exitCode`, or a signal.
}

/// Files of one attempt, in the folder that the supervisor gives to `lockstep-train --attempt-dir`.
public enum AttemptFiles {
    /// Variable with the folder's path in the environment of all of an attempt's processes: it tells them
    /// from all others of the node, and ranks from those that no supervisor hears.
    public static let variable = "LOCKSTEP_ATTEMPT_DIR"
    /// `TrainingEvent`s, one a line, appended by rank 0.
    public static let events = "events.jsonl"
    /// What the job is: its specification.
    public static let job = "job.json"
    /// Written once, atomically, by the supervisor when the gang is gone.
    public static let exit = "exit.json"
}
