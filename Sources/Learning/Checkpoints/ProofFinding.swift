/// What a check of a job is worth: one sentence each.
public struct ProofFinding: Codable, Sendable, Equatable {
    /// Who vouches for the job's certificate.
    public enum Standing: String, Codable, Sendable {
        /// There is none: the job is not finished, or is of an earlier Lockstep.
        case none
        /// Nobody: a run by hand.
        case unsigned
        /// A key that the verifier was not given.
        case signedByUnknownKey
        /// The cluster's key.
        case signed
    }

    public var standing = Standing.none
    /// What somebody without the cluster's key cannot have made.
    public var proved: [String] = []
    /// What agrees with all else that is there, but could have been made to.
    public var claimed: [String] = []
    /// What is not here to be checked.
    public var missing: [String] = []

    public init() {}
}
