import AlgorithmSpecs
import Diagnostics
import JSON
import JobLifecycle
import JobRequests
import JobSpecs
import SageMakerShapes
import StorageLocations

/// What a job must satisfy beyond the shape of its request: an algorithm that exists, its
/// hyperparameters and channels, and nothing that this cluster would silently ignore.
struct TrainingJobRules {
    private let request: CreateTrainingJobRequest
    private let json: JSONValue

    init(_ request: CreateTrainingJobRequest, _ json: JSONValue) {
        self.request = request
        self.json = json
    }

    /// - Parameter arn: of the job to be.
    /// - Returns: the job.
    /// - Throws: `LockstepError(.configuration)` for the first rule the job breaks.
    func check(arn: String) throws -> JobSpec {
        let kind = try ProgramKind(request)
        try MemberCheck(request: json, isProgram: kind != nil).check()
        if let kind {
            try ProgramRules(request).check(kind)
            try checkOutput()
        } else {
            let spec = try algorithm()
            let values = try spec.resolve(request.hyperParameters ?? [:], common: RuntimeSettings.specs)
            try checkChannels(spec)
            try checkOutput()
            try checkShards(RuntimeSettings(values))
        }
        let job = try JobSpec(request, arn: arn)
        try checkStopping()
        try checkTags()
        return job
    }

    private func algorithm() throws -> AlgorithmSpec {
        let given = request.algorithmSpecification
        switch (given?.algorithmName, given?.trainingImage) {
        case (nil, nil):
            throw refusal(
                "AlgorithmSpecification needs AlgorithmName or TrainingImage (\(known)), or "
                    + "ContainerEntrypoint for a program of your own")
        case (_?, _?):
            throw refusal("AlgorithmSpecification has AlgorithmName and TrainingImage: give one of them")
        default: break
        }
        if given?.containerArguments != nil {
            throw refusal(
                "AlgorithmSpecification has ContainerArguments without ContainerEntrypoint: name the "
                    + "program that they are for")
        }
        try checkInputMode(given?.trainingInputMode, "AlgorithmSpecification.TrainingInputMode")
        return try AlgorithmSpec.builtIn(named: given?.builtInName ?? "")
    }

    private var known: String {
        "the built-in algorithms are " + AlgorithmSpec.builtIns.map(\.name).joined(separator: ", ")
    }

    private func checkInputMode(_ mode: String?, _ field: String) throws {
        guard mode == "Pipe" else { return }
        throw refusal("\(field) is Pipe, which is not offered: use File or FastFile")
    }

    private func checkChannels(_ spec: AlgorithmSpec) throws {
        let channels = request.inputDataConfig ?? []
        let allowed = spec.channels.map(\.name).joined(separator: ", ")
        var seen: Set<String> = []
        for channel in channels {
            let name = channel.channelName
            guard seen.insert(name).inserted else {
                throw refusal("InputDataConfig has two channels named \(name): names must differ")
            }
            guard spec.channels.contains(where: { $0.name == name }) else {
                throw refusal(
                    "InputDataConfig has a channel \(name), but \(spec.name) reads only \(allowed)")
            }
            try checkSource(channel)
        }
        for channel in spec.channels where channel.isRequired && !seen.contains(channel.name) {
            throw refusal(
                "InputDataConfig has no channel \(channel.name), which \(spec.name) needs: "
                    + channel.summary)
        }
    }

    private func checkSource(_ channel: Channel) throws {
        let field = "InputDataConfig channel \(channel.channelName)"
        guard let source = channel.dataSource?.s3DataSource else {
            throw refusal("\(field) has no DataSource.S3DataSource: name its files with S3Uri file:///PATH")
        }
        if let type = source.s3DataType, type != "S3Prefix" {
            throw refusal("\(field): S3DataType \(type) is not offered: use S3Prefix")
        }
        _ = try FileURI(source.s3Uri, field: "\(field): S3Uri")
        try checkInputMode(channel.inputMode, "\(field): InputMode")
        if channel.recordWrapperType == "RecordIO" {
            throw refusal("\(field): RecordWrapperType RecordIO is not offered: give the records themselves")
        }
    }

    private func checkOutput() throws {
        if request.outputDataConfig?.compressionType == "NONE" {
            throw refusal(
                "OutputDataConfig.CompressionType NONE is not offered: models are written as model.tar.gz")
        }
        guard let output = request.outputDataConfig?.s3OutputPath else {
            throw refusal("\(JobSpec.Locations.outputField) is missing")
        }
        _ = try FileURI(output, field: JobSpec.Locations.outputField)
        if let checkpoints = request.checkpointConfig?.s3Uri {
            _ = try FileURI(checkpoints, field: JobSpec.Locations.checkpointField)
        }
    }

    /// Every thread of every rank needs a logical shard of its own.
    private func checkShards(_ settings: RuntimeSettings) throws {
        let ranks = request.resourceConfig?.instanceCount ?? TrainingDefaults.instanceCount
        let threads = try RuntimeEnvironment(request.environment ?? [:]).threadCount
        let shards = settings.logicalShardCount
        guard ranks <= shards / threads else {
            throw refusal(
                "ResourceConfig.InstanceCount is \(ranks) with \(threads) threads a rank, but "
                    + "hyperparameter logical_shards is \(shards): each thread needs a shard of its own, "
                    + "so set logical_shards higher or use fewer")
        }
    }

    private func checkStopping() throws {
        let stopping = request.stoppingCondition
        let wait = stopping?.maxWaitTimeInSeconds
        guard request.enableManagedSpotTraining == true else {
            if wait == nil { return }
            throw refusal(
                "StoppingCondition.MaxWaitTimeInSeconds is for managed spot training: set "
                    + "EnableManagedSpotTraining to true, or leave it out")
        }
        let runtime = stopping?.maxRuntimeInSeconds ?? JobSpec.Policy.usualRuntimeSeconds
        guard let wait, wait >= runtime else {
            throw refusal(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                    + "MaxRuntimeInSeconds")
        }
    }

    private func checkTags() throws {
        var seen: Set<String> = []
        for tag in request.tags ?? [] {
            guard seen.insert(tag.key).inserted else {
                throw refusal("Tags has the key \(tag.key) twice: keys must differ")
            }
            guard !tag.key.lowercased().hasPrefix("aws:") else {
                throw refusal(
                    "Tags has the key \(tag.key): keys that begin with aws: are reserved, choose another")
            }
        }
    }

    private func refusal(_ sentence: String) -> LockstepError {
        LockstepError(.configuration, sentence)
    }
}
