public import ClusterTypes

/// For how long the coordinator remembers jobs that are over: their descriptions, attempts and logs. Models
/// and checkpoints are the users' and no part of it.
public struct Retention: Sendable, Equatable {
    /// Days after its end.
    public var keepDays: Double
    /// Newest jobs that are kept.
    public var keepJobs: Int

    public static let standard = Retention(keepDays: 90, keepJobs: 10_000)

    public init(keepDays: Double, keepJobs: Int) {
        self.keepDays = keepDays
        self.keepJobs = keepJobs
    }
}

/// A job that is forgotten, or would be.
public struct CollectedJob: Sendable, Equatable {
    public var name: JobName
    /// What the store holds of it.
    public var bytes: Int

    public init(name: JobName, bytes: Int) {
        self.name = name
        self.bytes = bytes
    }
}
