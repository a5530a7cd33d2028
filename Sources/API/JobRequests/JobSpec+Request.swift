import ClusterTypes
import Diagnostics
public import JobSpecs
public import SageMakerShapes
import StorageLocations

/// The one reader of CreateTrainingJob requests: all that a job is, is derived here.
extension JobSpec {
    /// - Parameters:
    ///   - request: of the shape that SageMaker's model allows. What a cluster refuses besides, its API has
    ///     refused before.
    ///   - arn: of the job; empty without a cluster.
    /// - Throws: `LockstepError(.configuration)` naming the member.
    public init(_ request: CreateTrainingJobRequest, arn: String = "") throws {
        let kind = try ProgramKind(request)
        let definitions = request.algorithmSpecification?.metricDefinitions ?? []
        self.init(
            name: JobName(request.trainingJobName), arn: arn, work: try Work(request, kind),
            hyperparameters: request.hyperParameters ?? [:],
            channels: try (request.inputDataConfig ?? []).map { try Channel($0, request) },
            locations: try Locations(request), resources: try Resources(request),
            policy: try Policy(request, kind), environment: request.environment ?? [:],
            metrics: definitions.map { MetricPattern(name: $0.name, regex: $0.regex) })
    }
}

extension JobSpec.Work {
    fileprivate init(_ request: CreateTrainingJobRequest, _ kind: ProgramKind?) throws {
        let given = request.algorithmSpecification
        guard let kind else {
            self.init(algorithm: given?.builtInName)
            return
        }
        self.init(
            algorithm: given?.algorithmName.map(ImageName.repository(in:)),
            program: JobSpec.Program(
                kind, command: given?.containerEntrypoint, arguments: given?.containerArguments ?? [],
                image: given?.trainingImage))
    }
}

extension JobSpec.Channel {
    fileprivate init(_ channel: Channel, _ request: CreateTrainingJobRequest) throws {
        let name = channel.channelName
        guard let source = channel.dataSource?.s3DataSource else {
            throw LockstepError(.configuration, "channel '\(name)' has no DataSource.S3DataSource")
        }
        if let type = source.s3DataType, type != "S3Prefix" {
            throw LockstepError(
                .configuration, "channel '\(name)' has S3DataType \(type); Lockstep reads S3Prefix only")
        }
        let mode = channel.inputMode ?? request.algorithmSpecification?.trainingInputMode
        self.init(
            name, location: try StorageLocation(source.s3Uri, field: "S3Uri of channel '\(name)'"),
            inputMode: try Self.word(mode, "InputMode", name) ?? .file,
            distribution: try Self.word(source.s3DataDistributionType, "S3DataDistributionType", name)
                ?? .fullyReplicated,
            contentType: channel.contentType, compressionType: channel.compressionType,
            recordWrapper: try Self.word(channel.recordWrapperType, "RecordWrapperType", name) ?? .none)
    }

    private static func word<Word: RawRepresentable<String>>(
        _ text: String?, _ member: String, _ channel: String
    ) throws -> Word? {
        guard let text else { return nil }
        guard let word = Word(rawValue: text) else {
            throw LockstepError(
                .configuration, "channel '\(channel)' has \(member) \(text), which Lockstep does not know")
        }
        return word
    }
}

extension JobSpec.Locations {
    fileprivate init(_ request: CreateTrainingJobRequest) throws {
        guard let output = request.outputDataConfig?.s3OutputPath else {
            throw LockstepError(.configuration, "OutputDataConfig.S3OutputPath is missing")
        }
        self.init(
            output: try StorageLocation(output, field: Self.outputField),
            checkpoints: try (request.checkpointConfig?.s3Uri).map {
                try StorageLocation($0, field: Self.checkpointField)
            },
            checkpointMount: request.checkpointConfig?.localPath)
    }
}

extension JobSpec.Resources {
    fileprivate init(_ request: CreateTrainingJobRequest) throws {
        let ranks = try ProgramKind.rankCount(request)
        self.init(
            instanceType: request.resourceConfig?.instanceType, ranks: ranks,
            minimumRanks: try Self.minimum(request, most: ranks),
            volumeGB: request.resourceConfig?.volumeSizeInGB.flatMap { $0 > 0 ? $0 : nil })
    }

    private static func minimum(_ request: CreateTrainingJobRequest, most: Int) throws -> Int {
        if let least = request.resourceConfig?.minInstanceCount {
            guard (1...most).contains(least) else {
                throw LockstepError(
                    .configuration,
                    "ResourceConfig.MinInstanceCount is \(least), but must be 1 to InstanceCount, \(most)")
            }
            return least
        }
        let environment = request.environment ?? [:]
        return try RuntimeEnvironment.number(JobVariables.minimum, environment, in: 1...most) ?? most
    }
}
