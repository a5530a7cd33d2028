public import ClusterTypes

/// A job, as everything below the API knows it: what to run, with which settings, on which data, into which
/// places, with what means and by which rules.
///
/// It is made once, from a CreateTrainingJob request or a job file, and then stored, shipped and read as it
/// is: coordinator, workers, supervisors, ranks and runners all derive what they need from it, and from
/// nothing else.
public struct JobSpec: Codable, Sendable, Equatable {
    /// Version of the layout that this program writes and reads.
    public static let currentVersion = 1

    public private(set) var version = JobSpec.currentVersion
    public var name: JobName
    /// How the job is called by clients; empty for a job without a cluster.
    public var arn: String
    public var work: Work
    /// Settings of the algorithm or program, as text.
    public var hyperparameters: [String: String]
    /// In the order of the request.
    public var channels: [Channel]
    public var locations: Locations
    public var resources: Resources
    public var policy: Policy
    /// Variables for the job's own processes.
    public var environment: [String: String]
    /// How metrics are found in a program's lines.
    public var metrics: [MetricPattern]

    public init(
        name: JobName, arn: String = "", work: Work = Work(), hyperparameters: [String: String] = [:],
        channels: [Channel] = [], locations: Locations, resources: Resources = Resources(),
        policy: Policy = Policy(), environment: [String: String] = [:], metrics: [MetricPattern] = []
    ) {
        self.name = name
        self.arn = arn
        self.work = work
        self.hyperparameters = hyperparameters
        self.channels = channels
        self.locations = locations
        self.resources = resources
        self.policy = policy
        self.environment = environment
        self.metrics = metrics
    }

    /// The channel of that name.
    public func channel(_ name: String) -> Channel? { channels.first { $0.name == name } }
}
