import JSON
import SageMakerShapes
import Testing

/// A CreateTrainingJob request with one mistake, and the answer to it.
struct InvalidTrainingJob: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Dotted path of the member that is changed.
    let path: String
    /// What it becomes; `nil` removes it.
    let value: JSONValue?
    let type: String
    let message: String

    init(_ name: String, _ path: String, _ value: JSONValue?, _ type: String, _ message: String) {
        testDescription = name
        self.path = path
        self.value = value
        self.type = type
        self.message = message
    }

    /// Values that break SageMaker's limits.
    static let limits = [
        violation("no name", "TrainingJobName", nil, "null", "trainingJobName", "Member must not be null"),
        violation(
            "a name with an underscore", "TrainingJobName", "my_job", "'my_job'", "trainingJobName",
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
        violation(
            "no algorithm specification", "AlgorithmSpecification", nil, "null",
            "algorithmSpecification", "Member must not be null"),
        violation(
            "no output", "OutputDataConfig", nil, "null", "outputDataConfig", "Member must not be null"),
        violation(
            "no output path", "OutputDataConfig.S3OutputPath", nil, "null",
            "outputDataConfig.s3OutputPath", "Member must not be null"),
        violation(
            "an unknown input mode", "AlgorithmSpecification.TrainingInputMode", "Fast", "'Fast'",
            "algorithmSpecification.trainingInputMode",
            "Member must satisfy enum value set: [Pipe, File, FastFile]"),
        violation(
            "no channels in the list", "InputDataConfig", .array([]), "'[]'", "inputDataConfig",
            "Member must have length greater than or equal to 1"),
        violation(
            "a channel without data", "InputDataConfig.0.DataSource", nil, "null",
            "inputDataConfig.1.member.dataSource", "Member must not be null"),
        violation(
            "no instances", "ResourceConfig.InstanceCount", .integer(0), "'0'",
            "resourceConfig.instanceCount", "Member must have value greater than or equal to 1"),
        violation(
            "too many retries", "RetryStrategy.MaximumRetryAttempts", .integer(31), "'31'",
            "retryStrategy.maximumRetryAttempts", "Member must have value less than or equal to 30"),
        violation(
            "a variable that begins with a digit", "Environment.9LIVES", "cat", "'{9LIVES}'",
            "environment",
            "Map keys must satisfy constraint: "
                + "[Member must satisfy regular expression pattern: ^[a-zA-Z_][a-zA-Z0-9_]*]"),
        violation("no role", "RoleArn", nil, "null", "roleArn", "Member must not be null"),
        violation(
            "longer than four weeks", "StoppingCondition.MaxRuntimeInSeconds", .integer(2_419_201),
            "'2419201'", "stoppingCondition.maxRuntimeInSeconds",
            "Member must have value less than or equal to 2419200"),
        violation(
            "a very long name", "TrainingJobName", .string(String(repeating: "a", count: 2_000_000)),
            "'\(String(repeating: "a", count: 256))…'", "trainingJobName",
            "Member must have length less than or equal to 63"),
        violation(
            "no role's ARN", "RoleArn", "arn:aws:iam::0:role/mine", "'arn:aws:iam::0:role/mine'",
            "roleArn",
            "Member must satisfy regular expression pattern: "
                + #"^arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"#),
        InvalidTrainingJob(
            "a name that is too long", "TrainingJobName", .string(String(repeating: "a", count: 64)),
            "ValidationException",
            "2 validation errors detected: "
                + [
                    "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
                    "Member must have length less than or equal to 63",
                ].map {
                    "Value '\(String(repeating: "a", count: 64))' at 'trainingJobName' failed to satisfy "
                        + "constraint: \($0)"
                }.joined(separator: "; ")),
    ]

    /// Values of a wrong type.
    static let types = [
        InvalidTrainingJob(
            "a number for a name", "TrainingJobName", .integer(7), "SerializationException",
            "NUMBER_VALUE can not be converted to a String at 'trainingJobName'"),
        InvalidTrainingJob(
            "a number for a hyperparameter", "HyperParameters.epochs", .integer(3),
            "SerializationException",
            "NUMBER_VALUE can not be converted to a String at 'hyperParameters.epochs'"),
        InvalidTrainingJob(
            "a word for a truth value", "EnableManagedSpotTraining", "yes", "SerializationException",
            "STRING_VALUE can not be converted to a Boolean at 'enableManagedSpotTraining'"),
        InvalidTrainingJob(
            "half an instance", "ResourceConfig.InstanceCount", .number(1.5), "SerializationException",
            "DECIMAL_VALUE can not be converted to an Integer at 'resourceConfig.instanceCount'"),
    ]

    /// Jobs that this cluster cannot run.
    static let rules = algorithmRules + channelRules + resourceRules + limitRules

    private static let algorithmRules = [
        rule(
            "an empty algorithm specification", "AlgorithmSpecification", .object([:]),
            "AlgorithmSpecification needs AlgorithmName or TrainingImage (the built-in algorithms are "
                + "kmeans, linear-learner), or ContainerEntrypoint for a program of your own"),
        rule(
            "algorithm and image", "AlgorithmSpecification.AlgorithmName", "kmeans",
            "AlgorithmSpecification has AlgorithmName and TrainingImage: give one of them"),
        rule(
            "an unknown algorithm", "AlgorithmSpecification.TrainingImage", "xgboost",
            "there is no algorithm 'xgboost'; the built-in algorithms are kmeans, linear-learner"),
        rule(
            "a misspelt algorithm", "AlgorithmSpecification.TrainingImage", "linear-lerner:1",
            "there is no algorithm 'linear-lerner'; did you mean linear-learner?"),
        rule(
            "Pipe mode", "AlgorithmSpecification.TrainingInputMode", "Pipe",
            "AlgorithmSpecification.TrainingInputMode is Pipe, which is not offered: use File or FastFile"),
        rule(
            "arguments for no program", "AlgorithmSpecification.ContainerArguments", .array(["train"]),
            "AlgorithmSpecification has ContainerArguments without ContainerEntrypoint: name the program "
                + "that they are for"),
        rule(
            "a kind without a program", "Environment.LOCKSTEP_PROGRAM", "mpi",
            "LOCKSTEP_PROGRAM in Environment is mpi, but the job names no program: give "
                + "AlgorithmSpecification.ContainerEntrypoint, or hyperparameter sagemaker_program"),
        rule(
            "an unknown hyperparameter", "HyperParameters.epoch", "3",
            "hyperparameter epoch is unknown to linear-learner; did you mean epochs?"),
        rule(
            "a hyperparameter out of range", "HyperParameters.epochs", "0",
            "hyperparameter epochs is '0': it must be a whole number of at least 1"),
        rule(
            "a missing hyperparameter", "HyperParameters.predictor_type", nil,
            "hyperparameter predictor_type is missing: linear-learner needs it, and it must be one of "
                + "binary_classifier, multiclass_classifier, regressor"),
        rule(
            "hyperparameters that do not fit", "HyperParameters.loss", "logistic",
            "hyperparameter loss is 'logistic': with predictor_type regressor it must be one of "
                + "squared_loss, absolute_loss, huber_loss, eps_insensitive_squared_loss, "
                + "eps_insensitive_absolute_loss, quantile_loss or auto"),
        rule(
            "a bad setting of the runtime", "HyperParameters.logical_shards", "0",
            "hyperparameter logical_shards is '0': it must be a whole number from 1 to 4096"),
    ]

    private static let channelRules = [
        rule(
            "no training channel", "InputDataConfig", nil,
            "InputDataConfig has no channel train, which linear-learner needs: Records with a label."),
        rule(
            "an unknown channel", "InputDataConfig",
            .array([Requests.channel("train"), Requests.channel("holdout")]),
            "InputDataConfig has a channel holdout, but linear-learner reads only train, validation, test"),
        rule(
            "a channel twice", "InputDataConfig",
            .array([Requests.channel("train"), Requests.channel("train")]),
            "InputDataConfig has two channels named train: names must differ"),
        rule(
            "data in S3", "InputDataConfig.0.DataSource.S3DataSource.S3Uri", "s3://bucket/data",
            "InputDataConfig channel train: S3Uri is s3://bucket/data, but this cluster reads and writes "
                + "files only: put the data on storage that all workers share and name it file:///PATH"),
        rule(
            "a relative path", "InputDataConfig.0.DataSource.S3DataSource.S3Uri", "file://data",
            "InputDataConfig channel train: S3Uri is file://data, which is not a file:///ABSOLUTE/PATH"),
        rule(
            "a manifest", "InputDataConfig.0.DataSource.S3DataSource.S3DataType", "ManifestFile",
            "InputDataConfig channel train: S3DataType ManifestFile is not offered: use S3Prefix"),
        rule(
            "a file system", "InputDataConfig.0.DataSource",
            .object(["FileSystemDataSource": .object(["FileSystemId": "fs-1"])]),
            "InputDataConfig channel train: DataSource.FileSystemDataSource is not offered: mount the file "
                + "system on all workers and name its files with S3DataSource.S3Uri file:///PATH"),
        rule(
            "wrapped records", "InputDataConfig.0.RecordWrapperType", "RecordIO",
            "InputDataConfig channel train: RecordWrapperType RecordIO is not offered: give the records "
                + "themselves"),
        rule(
            "a channel in Pipe mode", "InputDataConfig.0.InputMode", "Pipe",
            "InputDataConfig channel train: InputMode is Pipe, which is not offered: use File or FastFile"),
        rule(
            "a model in S3", "OutputDataConfig.S3OutputPath", "s3://bucket",
            "OutputDataConfig.S3OutputPath is s3://bucket, but this cluster reads and writes files only: "
                + "put the data on storage that all workers share and name it file:///PATH"),
        rule(
            "an uncompressed model", "OutputDataConfig.CompressionType", "NONE",
            "OutputDataConfig.CompressionType NONE is not offered: models are written as model.tar.gz"),
        rule(
            "checkpoints in S3", "CheckpointConfig.S3Uri", "s3://bucket/c",
            "CheckpointConfig.S3Uri is s3://bucket/c, but this cluster reads and writes files only: put "
                + "the data on storage that all workers share and name it file:///PATH"),
    ]

    private static let resourceRules = [
        rule(
            "instance groups", "ResourceConfig.InstanceGroups", .array([.object([:])]),
            "ResourceConfig.InstanceGroups is not offered: give InstanceCount, one rank an instance"),
        rule(
            "more ranks than logical shards", "ResourceConfig.InstanceCount", .integer(33),
            "ResourceConfig.InstanceCount is 33 with 1 threads a rank, but hyperparameter logical_shards "
                + "is 32: each thread needs a shard of its own, so set logical_shards higher or use fewer"),
        rule(
            "more threads than logical shards", "Environment.LOCKSTEP_THREADS", "17",
            "ResourceConfig.InstanceCount is 2 with 17 threads a rank, but hyperparameter logical_shards "
                + "is 32: each thread needs a shard of its own, so set logical_shards higher or use fewer"),
        rule(
            "a word for threads", "Environment.LOCKSTEP_THREADS", "many",
            "LOCKSTEP_THREADS in Environment is 'many', but must be a whole number from 1 to 1024"),
        rule(
            "a negative delay", "Environment.LOCKSTEP_STEP_DELAY_MS", "-1",
            "LOCKSTEP_STEP_DELAY_MS in Environment is '-1', but must be a whole number from 0 to 3600000"),
        rule(
            "a serverless job", "ServerlessJobConfig", .object(["BaseModelArn": "arn"]),
            "ServerlessJobConfig is not offered: give AlgorithmSpecification"),
    ]

    private static let limitRules = [
        rule(
            "spot without a limit for waiting", "EnableManagedSpotTraining", .bool(true),
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                + "MaxRuntimeInSeconds"),
        rule(
            "a limit for waiting without spot", "StoppingCondition.MaxWaitTimeInSeconds", .integer(600),
            "StoppingCondition.MaxWaitTimeInSeconds is for managed spot training: set "
                + "EnableManagedSpotTraining to true, or leave it out"),
        rule(
            "a tag twice", "Tags",
            .array([
                .object(["Key": "team", "Value": "a"]), .object(["Key": "team", "Value": "b"]),
            ]), "Tags has the key team twice: keys must differ"),
        rule(
            "a tag of AWS", "Tags", .array([.object(["Key": "aws:x", "Value": "a"])]),
            "Tags has the key aws:x: keys that begin with aws: are reserved, choose another"),
    ]

    private static func violation(
        _ name: String, _ path: String, _ value: JSONValue?, _ shown: String, _ field: String,
        _ constraint: String
    ) -> InvalidTrainingJob {
        InvalidTrainingJob(
            name, path, value, "ValidationException",
            "1 validation error detected: Value \(shown) at '\(field)' failed to satisfy constraint: "
                + constraint)
    }

    /// Rules for jobs with a program of their own: changes to one that runs `./train` as a script.
    static let programRules = [
        rule(
            "an algorithm beside a program", "AlgorithmSpecification.AlgorithmName", "kmeans",
            "AlgorithmSpecification has AlgorithmName kmeans and a program: give one of them"),
        rule(
            "an unknown kind", "Environment.LOCKSTEP_PROGRAM", "docker",
            "LOCKSTEP_PROGRAM in Environment is 'docker', but must be one of algorithm, mpi, script"),
        rule(
            "an algorithm by a relative path", "Environment.LOCKSTEP_PROGRAM", "algorithm",
            "AlgorithmSpecification.ContainerEntrypoint is ./train, but a program of kind algorithm is named "
                + "by its absolute path, the same on all workers"),
        rule(
            "a pattern without a group", "AlgorithmSpecification.MetricDefinitions",
            .array([.object(["Name": "loss", "Regex": "loss=[0-9]+"])]),
            "AlgorithmSpecification.MetricDefinitions loss: Regex loss=[0-9]+ has no group in parentheses to "
                + "take the value from"),
        rule(
            "a broken pattern", "AlgorithmSpecification.MetricDefinitions",
            .array([.object(["Name": "loss", "Regex": "loss=("])]),
            "AlgorithmSpecification.MetricDefinitions loss: Regex loss=( is no regular expression"),
        rule(
            "checkpoints elsewhere", "CheckpointConfig",
            .object(["S3Uri": "file:///checkpoints", "LocalPath": "/tmp/checkpoints"]),
            "CheckpointConfig.LocalPath is /tmp/checkpoints, but must lie below /opt/ml"),
        rule(
            "a number of processes that is none", "HyperParameters",
            .object(["sagemaker_mpi_enabled": "true", "sagemaker_mpi_num_of_processes_per_host": "many"]),
            "hyperparameter sagemaker_mpi_num_of_processes_per_host is 'many', but must be 1 to 1024"),
        rule(
            "an empty program", "AlgorithmSpecification.ContainerEntrypoint", .array([""]),
            "AlgorithmSpecification.ContainerEntrypoint begins with an empty word"),
        rule(
            "a channel that would be the folder around it", "InputDataConfig",
            .array([Requests.channel("..")]),
            "InputDataConfig has a channel named .., which is no name of a folder"),
    ]

    private static func rule(
        _ name: String, _ path: String, _ value: JSONValue?, _ message: String
    ) -> InvalidTrainingJob {
        InvalidTrainingJob(name, path, value, "ValidationException", message)
    }
}
