/// The one error type of Lockstep: what failed, on which object, and what to do about it.
///
/// Every module throws it; programs print `description` after their name and exit with
/// `code.exitCode`. A message is one sentence that names the field, file, line or address at fault
/// and never carries a stack trace. It stays on one line: control characters, which names of files may
/// hold, become escapes.
public struct LockstepError: Error, Sendable, CustomStringConvertible {
    /// Whose fault it is and whether another attempt can help.
    public struct Code: Sendable, Hashable, RawRepresentable, Codable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Wrong command-line words or request fields. The caller must change the call.
        public static let usage = Code(rawValue: "usage")
        /// Bad hyperparameter or job configuration. The user must change the job.
        public static let configuration = Code(rawValue: "configuration")
        /// Bad training data or model file. The user must change the data.
        public static let data = Code(rawValue: "data")
        /// A named thing does not exist.
        public static let notFound = Code(rawValue: "not-found")
        /// A named thing exists already or is in a state that forbids the call.
        public static let conflict = Code(rawValue: "conflict")
        /// The numbers left the range in which they can be added (NaN, infinity).
        public static let numerics = Code(rawValue: "numerics")
        /// Reading or writing failed (permission, broken disk, …).
        public static let io = Code(rawValue: "io")
        /// The disk, or the quota on it, is full.
        public static let full = Code(rawValue: "full")
        /// A peer could not be reached or broke the protocol.
        public static let network = Code(rawValue: "network")
        /// A token or secret was wrong or missing, or the system refuses access to a file.
        public static let denied = Code(rawValue: "denied")
        /// A stored file does not match its checksum.
        public static let damaged = Code(rawValue: "damaged")
        /// Two things that must be equal are not (`lockstep verify`).
        public static let mismatch = Code(rawValue: "mismatch")
        /// A rank's state differs from that of the others: its machine computes differently.
        public static let diverged = Code(rawValue: "diverged")
        /// A defect in Lockstep itself.
        public static let bug = Code(rawValue: "internal")

        /// Process exit status, after sysexits(3). Documented in docs/exit-codes.md.
        public var exitCode: Int32 {
            switch self {
            case .usage: 64
            case .configuration: 78
            case .data, .numerics: 65
            case .notFound: 66
            case .conflict: 73
            case .io, .full: 74
            case .network: 69
            case .denied: 77
            case .damaged, .diverged: 76
            case .mismatch: 1
            default: 70
            }
        }

        /// Whether the user has to change something before another attempt can succeed.
        public var isUsersToFix: Bool {
            switch self {
            case .usage, .configuration, .data, .numerics, .notFound, .conflict, .denied: true
            default: false
            }
        }
    }

    public var code: Code
    /// One sentence without a closing full stop: what failed, on which object, what to do.
    public var message: String
    /// The reason below, if another component reported one.
    public var cause: String?
    /// errno of the failed system call, if one failed.
    public var systemError: Int32?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = PrintableText.escaped(message)
        self.cause = cause.map { PrintableText.escaped(String(describing: $0)) }
    }

    public var description: String {
        guard let cause else { return message }
        return "\(message): \(cause)"
    }
}
