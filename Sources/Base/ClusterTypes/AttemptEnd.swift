/// How an attempt ended: what its supervisor writes to `exit.json` when the gang is gone.
public struct AttemptEnd: Codable, Sendable, Equatable {
    public enum Cause: String, Codable, Sendable {
        /// `mpirun` ended by itself; `status` is a `RankExit`, or 128 + signal.
        case exited
        /// The coordinator ordered the end, or the grace after a stop was over.
        case killed
        /// The worker daemon was gone for longer than its lease.
        case abandoned
        /// The supervisor died without a word.
        case vanished
        /// A rank made no progress while its peers waited; `message` names rank, worker, step, operation.
        case hung
        /// The gang could not be started; `message` says why.
        case notStarted
    }

    public var cause: Cause
    /// Exit status of the gang; 128 + signal when a signal ended it.
    public var status: Int32
    /// The rank that failed first, if known.
    public var rank: Int?
    /// Signal that ended that rank, if one did.
    public var signal: Int32?
    /// Code of that rank's error (a LockstepError code, or one of those below), if it told one, and the
    /// step it was in.
    public var code: String?
    public var step: Int?
    /// One sentence, or the last lines of standard error.
    public var message: String?
    /// The code of a user's program that ended badly by itself.
    public static let programCode = "program"
    /// The code of a user's program that was ended by a signal of unknown origin.
    public static let signalledCode = "signalled"
    /// The code of a rank that the kernel ended because its node had no memory left.
    public static let outOfMemoryCode = "out-of-memory"

    /// Seconds since 1970.
    public var time: Double

    public init(_ cause: Cause, status: Int32, time: Double) {
        self.cause = cause
        self.status = status
        self.time = time
    }
}
