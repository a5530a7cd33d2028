import SageMakerShapes
import Testing

/// A CreateTrainingJob request with one thing wrong, and what SageMaker's clients must be told.
struct InvalidRequest: Sendable, CustomTestStringConvertible {
    let name: String
    let path: String
    let value: JSONValue?
    var type = "ValidationException"
    let message: String

    var testDescription: String { name }

    init(
        _ name: String, _ path: String, _ value: JSONValue?, type: String = "ValidationException",
        _ message: String
    ) {
        self.name = name
        self.path = path
        self.value = value
        self.type = type
        self.message = message
    }

    private static func failed(_ value: String, _ path: String, _ constraint: String) -> String {
        "1 validation error detected: Value \(value) at '\(path)' failed to satisfy constraint: \(constraint)"
    }

    private static let source = "InputDataConfig.0.DataSource.S3DataSource"

    static let limits: [InvalidRequest] = [
        .init(
            "no name", "TrainingJobName", nil, failed("null", "trainingJobName", "Member must not be null")),
        .init(
            "a name with a dot", "TrainingJobName", "a.b",
            failed(
                "'a.b'", "trainingJobName",
                "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")),
        .init(
            "a name that ends in a newline", "TrainingJobName", "ab\n",
            failed(
                "'ab\n'", "trainingJobName",
                "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")),
        .init(
            "an empty name", "TrainingJobName", "",
            "2 validation errors detected: Value '' at 'trainingJobName' failed to satisfy constraint: "
                + "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; "
                + "Value '' at 'trainingJobName' failed to satisfy constraint: "
                + "Member must have length greater than or equal to 1"),
        .init(
            "a name of another type", "TrainingJobName", 7, type: "SerializationException",
            "NUMBER_VALUE can not be converted to a String at 'trainingJobName'"),
        .init(
            "a short role", "RoleArn", "role",
            "2 validation errors detected: Value 'role' at 'roleArn' failed to satisfy constraint: "
                + #"Member must satisfy regular expression pattern: ^arn:aws[a-z\-]*:iam::\d{12}:role/?"#
                + #"[a-zA-Z_0-9+=,.@\-_/]+; "#
                + "Value 'role' at 'roleArn' failed to satisfy constraint: "
                + "Member must have length greater than or equal to 20"),
        .init(
            "no algorithm", "AlgorithmSpecification", nil,
            failed("null", "algorithmSpecification", "Member must not be null")),
        .init(
            "an unknown input mode", "AlgorithmSpecification.TrainingInputMode", "Tape",
            failed(
                "'Tape'", "algorithmSpecification.trainingInputMode",
                "Member must satisfy enum value set: [Pipe, File, FastFile]")),
        .init(
            "no output", "OutputDataConfig", nil,
            failed("null", "outputDataConfig", "Member must not be null")),
        .init(
            "an output without a path", "OutputDataConfig.S3OutputPath", nil,
            failed("null", "outputDataConfig.s3OutputPath", "Member must not be null")),
        .init(
            "no channels in a list", "InputDataConfig", .array([]),
            failed("'[]'", "inputDataConfig", "Member must have length greater than or equal to 1")),
        .init(
            "a channel without a name", "InputDataConfig.0.ChannelName", nil,
            failed("null", "inputDataConfig.1.member.channelName", "Member must not be null")),
        .init(
            "a channel with a blank in its name", "InputDataConfig.0.ChannelName", "my train",
            failed(
                "'my train'", "inputDataConfig.1.member.channelName",
                #"Member must satisfy regular expression pattern: ^[A-Za-z0-9\.\-_]+"#)),
        .init(
            "a channel without a source", "InputDataConfig.0.DataSource", nil,
            failed("null", "inputDataConfig.1.member.dataSource", "Member must not be null")),
        .init(
            "no instances", "ResourceConfig.InstanceCount", 0,
            failed(
                "'0'", "resourceConfig.instanceCount",
                "Member must have value greater than or equal to 1")),
        .init(
            "instances in words", "ResourceConfig.InstanceCount", "two", type: "SerializationException",
            "STRING_VALUE can not be converted to an Integer at 'resourceConfig.instanceCount'"),
        .init(
            "half an instance", "ResourceConfig.InstanceCount", .number(1.5),
            type: "SerializationException",
            "DECIMAL_VALUE can not be converted to an Integer at 'resourceConfig.instanceCount'"),
        .init(
            "no time to run", "StoppingCondition.MaxRuntimeInSeconds", 0,
            failed(
                "'0'", "stoppingCondition.maxRuntimeInSeconds",
                "Member must have value greater than or equal to 1")),
        .init(
            "too many restarts", "RetryStrategy.MaximumRetryAttempts", 31,
            failed(
                "'31'", "retryStrategy.maximumRetryAttempts",
                "Member must have value less than or equal to 30")),
        .init(
            "a hyperparameter that is a number", "HyperParameters.epochs", 3,
            type: "SerializationException",
            "NUMBER_VALUE can not be converted to a String at 'hyperParameters.epochs'"),
        .init(
            "a variable with a bad name", "Environment.1ST", "x",
            failed(
                "'{1ST}'", "environment",
                "Map keys must satisfy constraint: "
                    + "[Member must satisfy regular expression pattern: ^[a-zA-Z_][a-zA-Z0-9_]*]")),
        .init(
            "an empty tag key", "Tags", .array([.object(["Key": "", "Value": "x"])]),
            failed("''", "tags.1.member.key", "Member must have length greater than or equal to 1")),
        .init(
            "an object for a list", "InputDataConfig", .object([:]), type: "SerializationException",
            "START_OBJECT can not be converted to a List at 'inputDataConfig'"),
    ]

    static let rules: [InvalidRequest] = [
        .init(
            "an unknown algorithm", "AlgorithmSpecification.TrainingImage", "alexnet",
            "there is no algorithm 'alexnet'; the built-in algorithms are kmeans, linear-learner"),
        .init(
            "a misspelt algorithm", "AlgorithmSpecification.TrainingImage", "linear-lerner",
            "there is no algorithm 'linear-lerner'; did you mean linear-learner?"),
        .init(
            "neither image nor name", "AlgorithmSpecification.TrainingImage", nil,
            "AlgorithmSpecification needs AlgorithmName or TrainingImage; the built-in algorithms are "
                + "kmeans, linear-learner"),
        .init(
            "image and name", "AlgorithmSpecification.AlgorithmName", "kmeans",
            "AlgorithmSpecification has AlgorithmName and TrainingImage: give one of them"),
        .init(
            "pipe mode", "AlgorithmSpecification.TrainingInputMode", "Pipe",
            "AlgorithmSpecification.TrainingInputMode is Pipe, which is not offered: use File or FastFile"),
        .init(
            "a channel in pipe mode", "InputDataConfig.0.InputMode", "Pipe",
            "InputDataConfig channel train: InputMode is Pipe, which is not offered: use File or FastFile"),
        .init(
            "a container's command", "AlgorithmSpecification.ContainerEntrypoint", .array(["/bin/sh"]),
            "AlgorithmSpecification.ContainerEntrypoint and ContainerArguments are not offered: "
                + "this cluster runs its built-in algorithms; the built-in algorithms are kmeans, linear-learner"),
        .init(
            "an unknown hyperparameter", "HyperParameters.epoch", "3",
            "hyperparameter epoch is unknown to linear-learner; did you mean epochs?"),
        .init(
            "a hyperparameter out of range", "HyperParameters.epochs", "0",
            "hyperparameter epochs is '0': it must be a whole number of at least 1"),
        .init(
            "a missing hyperparameter", "HyperParameters.predictor_type", nil,
            "hyperparameter predictor_type is missing: linear-learner needs it, and it must be one of "
                + "binary_classifier, multiclass_classifier, regressor"),
        .init(
            "data in S3", "\(source).S3Uri", "s3://bucket/train",
            "InputDataConfig channel train: S3Uri is s3://bucket/train, but this cluster reads and writes "
                + "files only: put the data on storage that all workers share and name it file:///PATH"),
        .init(
            "a relative path", "\(source).S3Uri", "data/train",
            "InputDataConfig channel train: S3Uri is data/train, which is no file:///ABSOLUTE/PATH"),
        .init(
            "output to S3", "OutputDataConfig.S3OutputPath", "s3://bucket/out",
            "OutputDataConfig.S3OutputPath is s3://bucket/out, but this cluster reads and writes files "
                + "only: put the data on storage that all workers share and name it file:///PATH"),
        .init(
            "checkpoints to S3", "CheckpointConfig.S3Uri", "s3://bucket/c",
            "CheckpointConfig.S3Uri is s3://bucket/c, but this cluster reads and writes files only: "
                + "put the data on storage that all workers share and name it file:///PATH"),
        .init(
            "a manifest", "\(source).S3DataType", "ManifestFile",
            "InputDataConfig channel train: S3DataType ManifestFile is not offered: use S3Prefix"),
        .init(
            "no train channel", "InputDataConfig.0.ChannelName", "validation",
            "InputDataConfig has no channel train, which linear-learner needs: "),
        .init(
            "a channel the algorithm does not read", "InputDataConfig.0.ChannelName", "trian",
            "InputDataConfig has a channel trian, but linear-learner reads only train, validation, test"),
        .init(
            "two channels of one name", "InputDataConfig",
            .array([Requests.channel("train"), Requests.channel("train")]),
            "InputDataConfig has two channels named train: names must differ"),
        .init(
            "an uncompressed model", "OutputDataConfig.CompressionType", "NONE",
            "OutputDataConfig.CompressionType NONE is not offered: models are written as model.tar.gz"),
        .init(
            "instance groups", "ResourceConfig.InstanceGroups", .array([.object([:])]),
            "ResourceConfig.InstanceGroups is not offered: give InstanceCount, one rank an instance"),
        .init(
            "more ranks than shards", "ResourceConfig.InstanceCount", 33,
            "ResourceConfig.InstanceCount is 33, but logical_shards is 32 and every rank needs a shard of "
                + "its own: lower the first or raise the second"),
        .init(
            "less time to wait than to run", "StoppingCondition.MaxWaitTimeInSeconds", 599,
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                + "MaxRuntimeInSeconds"),
        .init(
            "a tag twice", "Tags",
            .array([.object(["Key": "a", "Value": "1"]), .object(["Key": "a", "Value": "2"])]),
            "Tags has the key a twice: keys must differ"),
    ]
}

@Suite("Invalid CreateTrainingJob requests")
struct InvalidRequestTests {
    @Test("break a limit and get SageMaker's words", arguments: InvalidRequest.limits)
    func limits(_ entry: InvalidRequest) async throws {
        try await APIFixture.with { api in
            let answer = try await api.call(
                "SageMaker.CreateTrainingJob", Requests.create("job").with(entry.path, entry.value))
            #expect(answer.status == 400)
            #expect(answer.errorType == entry.type)
            #expect(answer.message == entry.message)
            #expect(try await api.service.jobs().isEmpty)
        }
    }

    @Test("break a rule and get a sentence", arguments: InvalidRequest.rules)
    func rules(_ entry: InvalidRequest) async throws {
        try await APIFixture.with { api in
            let answer = try await api.call(
                "SageMaker.CreateTrainingJob", Requests.create("job").with(entry.path, entry.value))
            #expect(answer.status == 400)
            #expect(answer.errorType == entry.type)
            let message = try #require(answer.message)
            // A sentence that ends in a colon goes on with the algorithm's own words.
            #expect(
                entry.message.hasSuffix(": ") ? message.hasPrefix(entry.message) : message == entry.message,
                "\(message)")
            #expect(try await api.service.jobs().isEmpty)
        }
    }

    @Test("with several mistakes name them all")
    func several() async throws {
        try await APIFixture.with { api in
            let request = Requests.create("job").with("ResourceConfig.InstanceCount", 0)
                .with("OutputDataConfig", nil)
            let answer = try await api.call("SageMaker.CreateTrainingJob", request)
            #expect(
                answer.message == "2 validation errors detected: Value null at 'outputDataConfig' failed to "
                    + "satisfy constraint: Member must not be null; Value '0' at "
                    + "'resourceConfig.instanceCount' failed to satisfy constraint: Member must have value "
                    + "greater than or equal to 1")
        }
    }

    @Test("never match a limit's pattern that does not compile")
    func patterns() {
        var patterns: [String] = []
        func collect(_ shape: RequestShape) {
            switch shape {
            case .string(let limits): limits.pattern.map { patterns.append($0) }
            case .map(let key, let value): patterns += [key.pattern, value.pattern].compactMap { $0 }
            case .list(let element, _): collect(element)
            case .structure(let members): members.forEach { collect($0.shape) }
            default: break
            }
        }
        let shapes: [RequestShape] = [
            .createTrainingJob, .listTrainingJobs, .listTags, .describeLogStreams, .getLogEvents,
            .filterLogEvents, .algorithmName,
        ]
        shapes.forEach(collect)
        #expect(patterns.count > 15)
        for pattern in patterns {
            #expect(throws: Never.self, "\(pattern)") { try Regex(pattern) }
        }
    }
}
