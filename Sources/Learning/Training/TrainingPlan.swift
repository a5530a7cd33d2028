public import AlgorithmSpecs
import Checkpoints
public import Datasets
public import JobSpecs

/// All that a rank needs to know to train a job. The same on every rank.
public struct TrainingPlan: Sendable {
    public var jobName: String
    /// What the plan was made from, to be kept beside the history; `nil`: nothing is kept.
    public var job: JobSpec?
    /// The algorithm's and the runtime's, checked together.
    public var hyperparameters: ResolvedHyperparameters
    /// `train` and those beside it.
    public var channels: [ChannelSource]
    public var locations: JobLocations
    /// Threads of each rank.
    public var threadCount: Int
    /// Kernel set of the linear algebra library, part of the mathematics.
    public var coreType: String
    /// Sleep after every step, for demonstrations; it changes no result.
    public var stepDelaySeconds: Double

    public init(
        jobName: String, hyperparameters: ResolvedHyperparameters, channels: [ChannelSource],
        locations: JobLocations, threadCount: Int, coreType: String, stepDelaySeconds: Double = 0,
        job: JobSpec? = nil
    ) {
        self.job = job
        self.jobName = jobName
        self.hyperparameters = hyperparameters
        self.channels = channels
        self.locations = locations
        self.threadCount = threadCount
        self.coreType = coreType
        self.stepDelaySeconds = stepDelaySeconds
    }

    var runtime: RuntimeSettings { RuntimeSettings(hyperparameters) }

    /// Number of the runtime's own mathematics; raised when a new version would give other bits.
    private static let mathematics = "1"

    /// What decides the job's mathematics.
    func identity(algorithm: AlgorithmSpec, sources: [String: any OpenedChannel]) -> JobIdentity {
        var fields = [
            "algorithm": algorithm.name, "mathematics": Self.mathematics, "blas_core_type": coreType,
        ]
        if algorithm.revision != 1 { fields["algorithm revision"] = String(algorithm.revision) }
        for (name, value) in hyperparameters.values where !RuntimeSettings.namesWithoutEffect.contains(name) {
            fields["hyperparameter \(name)"] = value
        }
        for channel in channels {
            guard let source = sources[channel.name] else { continue }
            let name = "channel \(channel.name)"
            fields["\(name) path"] = channel.path
            fields["\(name) content type"] = channel.contentType
            fields["\(name) records"] = String(source.recordCount)
            fields["\(name) columns"] = String(source.featureCount)
            fields["\(name) layout"] = source.isSparse ? "sparse" : "dense"
            let files = source.fileDigests.map {
                DataFile(name: $0.name, byteCount: $0.byteCount, sha256: $0.sha256)
            }
            fields.merge(JobIdentity.fields(of: files, channel: channel.name)) { $1 }
        }
        return JobIdentity(fields)
    }
}

/// How a training ended well.
public enum TrainingOutcome: Sendable, Equatable {
    /// The model is written.
    case completed(modelHash: String)
    /// Stopped on request; `step` steps are in a durable checkpoint.
    case stopped(step: Int)
}
