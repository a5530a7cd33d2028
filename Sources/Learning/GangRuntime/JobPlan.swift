import AlgorithmSpecs
import Datasets
import Diagnostics
import JobSpecs
public import SageMakerShapes
public import Training

/// From a CreateTrainingJob request to a plan for training, with everything checked that can be
/// checked without data.
public struct JobPlan: Sendable {
    public let algorithm: any Algorithm.Type
    public let training: TrainingPlan

    /// - Parameters:
    ///   - threads: of each rank; `nil`: as the request's Environment says, or 1.
    ///   - algorithm: that the job asks for.
    ///   - coreType: kernel set of the linear algebra library.
    /// - Throws: `LockstepError(.configuration)` naming the field.
    public init(
        _ request: CreateTrainingJobRequest, algorithm: any Algorithm.Type, threads: Int?, coreType: String
    ) throws {
        self.algorithm = algorithm
        let spec = algorithm.spec
        let hyperparameters = try spec.resolve(request.hyperParameters ?? [:], common: RuntimeSettings.specs)
        let environment = try RuntimeEnvironment(request.environment ?? [:])
        training = TrainingPlan(
            jobName: request.trainingJobName, hyperparameters: hyperparameters,
            channels: try Self.channels(
                request.inputDataConfig ?? [], spec, featureCount: hyperparameters.integer("feature_dim")),
            locations: try JobLocations(request),
            threadCount: try Self.threadCount(option: threads, environment), coreType: coreType,
            stepDelaySeconds: Double(environment.stepDelayMilliseconds) / 1000)
    }

    private static func threadCount(option: Int?, _ environment: RuntimeEnvironment) throws -> Int {
        guard let option else { return environment.threadCount }
        guard RuntimeEnvironment.threadRange.contains(option) else {
            throw LockstepError(.usage, "--threads is \(option), but a rank has 1 to 1024 threads")
        }
        return option
    }

    private static func channels(
        _ given: [Channel], _ spec: AlgorithmSpec, featureCount: Int?
    ) throws -> [ChannelSource] {
        let known = spec.channels.map(\.name)
        for (index, channel) in given.enumerated() {
            guard known.contains(channel.channelName) else {
                throw LockstepError(
                    .configuration,
                    "InputDataConfig has a channel '\(channel.channelName)', but \(spec.name) knows only "
                        + known.joined(separator: ", "))
            }
            if given[..<index].contains(where: { $0.channelName == channel.channelName }) {
                throw LockstepError(
                    .configuration, "InputDataConfig has channel '\(channel.channelName)' twice")
            }
        }
        for requirement in spec.channels where requirement.isRequired {
            guard given.contains(where: { $0.channelName == requirement.name }) else {
                throw LockstepError(
                    .configuration,
                    "InputDataConfig lacks channel '\(requirement.name)', which \(spec.name) needs")
            }
        }
        return try given.map { try source($0, spec, featureCount) }
    }

    private static func source(
        _ channel: Channel, _ spec: AlgorithmSpec, _ featureCount: Int?
    ) throws -> ChannelSource {
        let name = channel.channelName
        guard let location = channel.dataSource?.s3DataSource else {
            throw LockstepError(.configuration, "channel '\(name)' has no DataSource.S3DataSource")
        }
        if let type = location.s3DataType, type != "S3Prefix" {
            throw LockstepError(
                .configuration, "channel '\(name)' has S3DataType \(type); Lockstep reads S3Prefix only")
        }
        if let wrapper = channel.recordWrapperType, wrapper != "None" {
            throw LockstepError(
                .configuration,
                "channel '\(name)' has RecordWrapperType \(wrapper); give the records without a wrapper")
        }
        return ChannelSource(
            name: name,
            path: try JobLocations.path(ofFileURI: location.s3Uri, field: "S3Uri of channel '\(name)'"),
            contentType: channel.contentType, compressionType: channel.compressionType,
            defaultLabelCount: spec.labelCount, featureCount: featureCount)
    }
}
