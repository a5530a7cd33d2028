/// SageMaker's CreateTrainingJob request: the members that Lockstep acts on.
///
/// Members that are only echoed (VpcConfig, DebugHookConfig, …) are kept in the stored JSON, not here.
/// Everything but the name is optional here so that validation, not decoding, names what is missing.
public struct CreateTrainingJobRequest: Codable, Sendable, Equatable {
    public var trainingJobName: String
    public var hyperParameters: [String: String]?
    public var algorithmSpecification: AlgorithmSpecification?
    public var roleArn: String?
    public var inputDataConfig: [Channel]?
    public var outputDataConfig: OutputDataConfig?
    public var resourceConfig: ResourceConfig?
    public var stoppingCondition: StoppingCondition?
    public var tags: [Tag]?
    public var enableManagedSpotTraining: Bool?
    public var checkpointConfig: CheckpointConfig?
    public var environment: [String: String]?
    public var retryStrategy: RetryStrategy?

    public init(trainingJobName: String) { self.trainingJobName = trainingJobName }

    enum CodingKeys: String, CodingKey {
        case trainingJobName = "TrainingJobName"
        case hyperParameters = "HyperParameters"
        case algorithmSpecification = "AlgorithmSpecification"
        case roleArn = "RoleArn"
        case inputDataConfig = "InputDataConfig"
        case outputDataConfig = "OutputDataConfig"
        case resourceConfig = "ResourceConfig"
        case stoppingCondition = "StoppingCondition"
        case tags = "Tags"
        case enableManagedSpotTraining = "EnableManagedSpotTraining"
        case checkpointConfig = "CheckpointConfig"
        case environment = "Environment"
        case retryStrategy = "RetryStrategy"
    }
}

public struct AlgorithmSpecification: Codable, Sendable, Equatable {
    public var trainingImage: String?
    public var algorithmName: String?
    public var trainingInputMode: String?
    public var metricDefinitions: [MetricDefinition]?
    public var containerEntrypoint: [String]?
    public var containerArguments: [String]?
    public init() {}
    enum CodingKeys: String, CodingKey {
        case trainingImage = "TrainingImage"
        case algorithmName = "AlgorithmName"
        case trainingInputMode = "TrainingInputMode"
        case metricDefinitions = "MetricDefinitions"
        case containerEntrypoint = "ContainerEntrypoint"
        case containerArguments = "ContainerArguments"
    }
}

public struct MetricDefinition: Codable, Sendable, Equatable {
    public var name: String
    public var regex: String
    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case regex = "Regex"
    }
}

public struct Channel: Codable, Sendable, Equatable {
    public var channelName: String
    public var dataSource: DataSource?
    public var contentType: String?
    public var compressionType: String?
    public var recordWrapperType: String?
    public var inputMode: String?
    public init(channelName: String) { self.channelName = channelName }
    enum CodingKeys: String, CodingKey {
        case channelName = "ChannelName"
        case dataSource = "DataSource"
        case contentType = "ContentType"
        case compressionType = "CompressionType"
        case recordWrapperType = "RecordWrapperType"
        case inputMode = "InputMode"
    }
}

public struct DataSource: Codable, Sendable, Equatable {
    public var s3DataSource: S3DataSource?
    public init() {}
    enum CodingKeys: String, CodingKey { case s3DataSource = "S3DataSource" }
}

public struct S3DataSource: Codable, Sendable, Equatable {
    public var s3DataType: String?
    public var s3Uri: String
    public var s3DataDistributionType: String?
    public init(s3Uri: String) { self.s3Uri = s3Uri }
    enum CodingKeys: String, CodingKey {
        case s3DataType = "S3DataType"
        case s3Uri = "S3Uri"
        case s3DataDistributionType = "S3DataDistributionType"
    }
}

public struct OutputDataConfig: Codable, Sendable, Equatable {
    public var s3OutputPath: String
    public var kmsKeyId: String?
    public var compressionType: String?
    public init(s3OutputPath: String) { self.s3OutputPath = s3OutputPath }
    enum CodingKeys: String, CodingKey {
        case s3OutputPath = "S3OutputPath"
        case kmsKeyId = "KmsKeyId"
        case compressionType = "CompressionType"
    }
}

public struct ResourceConfig: Codable, Sendable, Equatable {
    public var instanceType: String?
    public var instanceCount: Int?
    /// Lockstep's own: fewest ranks an elastic job does with.
    public var minInstanceCount: Int?
    public var volumeSizeInGB: Int?
    public init() {}
    enum CodingKeys: String, CodingKey {
        case instanceType = "InstanceType"
        case instanceCount = "InstanceCount"
        case minInstanceCount = "MinInstanceCount"
        case volumeSizeInGB = "VolumeSizeInGB"
    }
}

public struct StoppingCondition: Codable, Sendable, Equatable {
    public var maxRuntimeInSeconds: Int?
    public var maxWaitTimeInSeconds: Int?
    public init() {}
    enum CodingKeys: String, CodingKey {
        case maxRuntimeInSeconds = "MaxRuntimeInSeconds"
        case maxWaitTimeInSeconds = "MaxWaitTimeInSeconds"
    }
}

public struct Tag: Codable, Sendable, Equatable {
    public var key: String
    public var value: String
    enum CodingKeys: String, CodingKey {
        case key = "Key"
        case value = "Value"
    }
}

public struct CheckpointConfig: Codable, Sendable, Equatable {
    public var s3Uri: String
    public var localPath: String?
    enum CodingKeys: String, CodingKey {
        case s3Uri = "S3Uri"
        case localPath = "LocalPath"
    }
}

public struct RetryStrategy: Codable, Sendable, Equatable {
    public var maximumRetryAttempts: Int
    enum CodingKeys: String, CodingKey { case maximumRetryAttempts = "MaximumRetryAttempts" }
}
