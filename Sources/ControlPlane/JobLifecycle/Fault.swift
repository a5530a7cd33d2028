import ClusterTypes
import Diagnostics

/// Why an attempt did not bring the job to its end.
struct Fault: Sendable, Codable, Equatable {
    enum Kind: String, Sendable, Codable {
        /// From outside: a lost worker, a killed process, an ordered end. Says nothing about the job.
        case interruption
        /// The ranks ended badly.
        case algorithm
        /// Lockstep or the machine failed.
        case system
    }
    var kind: Kind
    var sentence: String
    /// Last step known when it happened.
    var step: Int?
    /// What tells faults apart that get a limit of their own; `nil`: one that has none.
    var row: FaultRow.Cause?

    /// Whether the same again would show that another attempt cannot help.
    func repeats(_ earlier: Fault?) -> Bool { kind != .interruption && row == nil && self == earlier }
}

/// Faults of one cause in a row: a few of them may pass, many tell that another attempt does not help.
struct FaultRow: Sendable, Codable, Equatable {
    enum Cause: String, Sendable, Codable {
        /// A user's program was ended by a signal of unknown origin, or a rank for its node's memory.
        case death
        /// There was no room left where the job writes.
        case fullDisk

        init?(_ code: String?) {
            switch code {
            case AttemptEnd.signalledCode, AttemptEnd.outOfMemoryCode: self = .death
            case LockstepError.Code.full.rawValue: self = .fullDisk
            default: return nil
            }
        }

        /// Restarts in a row after which the job is given up.
        var restartsAtMost: Int {
            switch self {
            case .death: 3
            case .fullDisk: 7
            }
        }
    }

    var cause: Cause
    /// Faults of the row without progress between them.
    var count: Int
    /// The job's metrics at the last of them: a program that comes to the same values again gets nowhere.
    var metrics: [String: Double]

    /// An attempt that has lasted so long, in seconds, begins a new row.
    static let longAttempt = 600.0

    var isHopeless: Bool { count > cause.restartsAtMost }

    /// What the reader of a FailureReason is told of it.
    var words: String {
        switch cause {
        case .death:
            "in each of \(count) attempts, without a step, commit or metric of progress between them"
        case .fullDisk: "still so in the last of \(count) attempts"
        }
    }
}
