import AlgorithmSpecs
import ClusterTypes
import Datasets
import Diagnostics
public import JobSpecs
import StorageLocations
public import Training

/// From a job to a plan for training, with everything checked that can be
/// checked without data.
public struct JobPlan: Sendable {
    public let algorithm: any Algorithm.Type
    public let training: TrainingPlan

    /// - Parameters:
    ///   - algorithm: that the job asks for.
    ///   - locations: where the job's files lie; `nil`: as it says.
    ///   - threads: of each rank; `nil`: as the job's Environment says, or 1.
    ///   - coreType: kernel set of the linear algebra library.
    /// - Throws: `LockstepError(.configuration)` naming the field.
    public init(
        _ job: JobSpec, algorithm: any Algorithm.Type, locations: JobLocations? = nil, threads: Int?,
        coreType: String
    ) throws {
        self.algorithm = algorithm
        let spec = algorithm.spec
        let hyperparameters = try spec.resolve(job.hyperparameters, common: RuntimeSettings.specs)
        let environment = try RuntimeEnvironment(job.environment)
        training = TrainingPlan(
            jobName: job.name.rawValue, hyperparameters: hyperparameters,
            channels: try Self.channels(
                job.channels, spec, featureCount: hyperparameters.integer("feature_dim")),
            locations: try locations ?? JobLocations(job),
            threadCount: try Self.threadCount(option: threads, environment), coreType: coreType,
            stepDelaySeconds: Double(environment.stepDelayMilliseconds) / 1000, job: job)
    }

    private static func threadCount(option: Int?, _ environment: RuntimeEnvironment) throws -> Int {
        guard let option else { return environment.threadCount }
        guard RuntimeEnvironment.threadRange.contains(option) else {
            throw LockstepError(.usage, "--threads is \(option), but a rank has 1 to 1024 threads")
        }
        return option
    }

    private static func channels(
        _ given: [JobSpec.Channel], _ spec: AlgorithmSpec, featureCount: Int?
    ) throws -> [ChannelSource] {
        let known = spec.channels.map(\.name)
        for (index, channel) in given.enumerated() {
            guard known.contains(channel.name) else {
                throw LockstepError(
                    .configuration,
                    "InputDataConfig has a channel '\(channel.name)', but \(spec.name) knows only "
                        + known.joined(separator: ", "))
            }
            if given[..<index].contains(where: { $0.name == channel.name }) {
                throw LockstepError(
                    .configuration, "InputDataConfig has channel '\(channel.name)' twice")
            }
        }
        for requirement in spec.channels where requirement.isRequired {
            guard given.contains(where: { $0.name == requirement.name }) else {
                throw LockstepError(
                    .configuration,
                    "InputDataConfig lacks channel '\(requirement.name)', which \(spec.name) needs")
            }
        }
        return try given.map { try source($0, spec, featureCount) }
    }

    private static func source(
        _ channel: JobSpec.Channel, _ spec: AlgorithmSpec, _ featureCount: Int?
    ) throws -> ChannelSource {
        let name = channel.name
        guard channel.recordWrapper == .none else {
            throw LockstepError(
                .configuration,
                "channel '\(name)' has RecordWrapperType \(channel.recordWrapper.rawValue); give the records "
                    + "without a wrapper")
        }
        return ChannelSource(
            name: name,
            path: try channel.location.path(field: "S3Uri of channel '\(name)'"),
            contentType: channel.contentType, compressionType: channel.compressionType,
            defaultLabelCount: spec.labelCount, featureCount: featureCount)
    }
}
