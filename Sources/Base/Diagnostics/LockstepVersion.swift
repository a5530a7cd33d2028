/// The version of this Lockstep.
public enum LockstepVersion {
    /// As in CHANGELOG.md.
    public static let current = "0.1.0"
}
