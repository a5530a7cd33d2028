extension RequestShape {
    static let jobName = string(TextLimits(1, 63, pattern: "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"))
    static let inputMode = choice(["Pipe", "File", "FastFile"])
    static let uri = string(TextLimits(0, 1024))
    static let kmsKey = string(TextLimits(0, 2048, pattern: "[a-zA-Z0-9:/_-]*"))
    static let tag = structure([
        RequestMember(
            "Key", .string(TextLimits(1, 128, pattern: #"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"#)),
            isRequired: true),
        RequestMember(
            "Value", .string(TextLimits(0, 256, pattern: #"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"#)),
            isRequired: true),
    ])

    /// DescribeTrainingJob, StopTrainingJob and DeleteTrainingJob: only the name.
    public static let trainingJobName = structure([
        RequestMember("TrainingJobName", jobName, isRequired: true)
    ])

    /// CreateTrainingJob, after SageMaker's service model.
    ///
    /// URIs are checked apart, because Lockstep's are `file://`; StoppingCondition, TrainingInputMode and
    /// S3DataType have defaults here, so only their values are checked.
    public static let createTrainingJob = structure([
        RequestMember("TrainingJobName", jobName, isRequired: true),
        RequestMember(
            "HyperParameters", .map(key: TextLimits(0, 256), value: TextLimits(0, 2500), maxCount: 100)),
        RequestMember("AlgorithmSpecification", algorithmSpecification, isRequired: true),
        RequestMember(
            "RoleArn",
            .string(
                TextLimits(
                    20, 2048,
                    pattern: #"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"#)),
            isRequired: true),
        RequestMember("InputDataConfig", .list(channel, count: 1...20)),
        RequestMember("OutputDataConfig", outputDataConfig, isRequired: true),
        RequestMember("ResourceConfig", resourceConfig),
        RequestMember("VpcConfig", vpcConfig),
        RequestMember("StoppingCondition", stoppingCondition),
        RequestMember("Tags", .list(tag, count: 0...50)),
        RequestMember("EnableNetworkIsolation", .boolean),
        RequestMember("EnableInterContainerTrafficEncryption", .boolean),
        RequestMember("EnableManagedSpotTraining", .boolean),
        RequestMember("CheckpointConfig", checkpointConfig),
        RequestMember("DebugHookConfig", .anything),
        RequestMember("DebugRuleConfigurations", .list(.anything, count: 0...20)),
        RequestMember("TensorBoardOutputConfig", .anything),
        RequestMember("ExperimentConfig", experimentConfig),
        RequestMember("ProfilerConfig", .anything),
        RequestMember("ProfilerRuleConfigurations", .list(.anything, count: 0...20)),
        RequestMember(
            "Environment",
            .map(
                key: TextLimits(0, 512, pattern: "[a-zA-Z_][a-zA-Z0-9_]*"),
                value: TextLimits(0, 512), maxCount: 100)),
        RequestMember(
            "RetryStrategy",
            .structure([
                RequestMember("MaximumRetryAttempts", .integer(from: 1, to: 30), isRequired: true)
            ])),
        RequestMember("RemoteDebugConfig", .anything),
        RequestMember("InfraCheckConfig", .anything),
        RequestMember("SessionChainingConfig", .anything),
        RequestMember("ServerlessJobConfig", .anything),
        RequestMember("MlflowConfig", .anything),
        RequestMember("ModelPackageConfig", .anything),
    ])

    private static let algorithmSpecification = structure([
        RequestMember("TrainingImage", .string(TextLimits(0, 255))),
        RequestMember("AlgorithmName", .string(TextLimits(1, 170))),
        RequestMember("TrainingInputMode", inputMode),
        RequestMember(
            "MetricDefinitions",
            .list(
                .structure([
                    RequestMember(
                        "Name", .string(TextLimits(1, 255, pattern: ".+")), isRequired: true),
                    RequestMember(
                        "Regex", .string(TextLimits(1, 500, pattern: ".+")), isRequired: true),
                ]), count: 0...40)),
        RequestMember("EnableSageMakerMetricsTimeSeries", .boolean),
        RequestMember("ContainerEntrypoint", .list(.string(TextLimits(0, 256)), count: 1...100)),
        RequestMember("ContainerArguments", .list(.string(TextLimits(0, 256)), count: 1...100)),
        RequestMember("TrainingImageConfig", .anything),
    ])

    private static let channel = structure([
        RequestMember(
            "ChannelName", .string(TextLimits(1, 64, pattern: #"[A-Za-z0-9\.\-_]+"#)),
            isRequired: true),
        RequestMember("DataSource", dataSource, isRequired: true),
        RequestMember("ContentType", .string(TextLimits(0, 256))),
        RequestMember("CompressionType", .choice(["None", "Gzip"])),
        RequestMember("RecordWrapperType", .choice(["None", "RecordIO"])),
        RequestMember("InputMode", inputMode),
        RequestMember(
            "ShuffleConfig",
            .structure([RequestMember("Seed", .integer(from: nil, to: nil), isRequired: true)])),
    ])

    private static let dataSource = structure([
        RequestMember(
            "S3DataSource",
            .structure([
                RequestMember(
                    "S3DataType",
                    .choice(["ManifestFile", "S3Prefix", "AugmentedManifestFile", "Converse"])),
                RequestMember("S3Uri", uri, isRequired: true),
                RequestMember(
                    "S3DataDistributionType", .choice(["FullyReplicated", "ShardedByS3Key"])),
                RequestMember(
                    "AttributeNames",
                    .list(.string(TextLimits(1, 256, pattern: ".+")), count: 0...16)),
                RequestMember(
                    "InstanceGroupNames",
                    .list(.string(TextLimits(1, 64, pattern: ".+")), count: 0...5)),
                RequestMember("ModelAccessConfig", .anything),
                RequestMember("HubAccessConfig", .anything),
            ])),
        RequestMember("FileSystemDataSource", .anything),
        RequestMember("DatasetSource", .anything),
    ])

    private static let outputDataConfig = structure([
        RequestMember("S3OutputPath", uri, isRequired: true),
        RequestMember("KmsKeyId", kmsKey),
        RequestMember("CompressionType", .choice(["GZIP", "NONE"])),
    ])

    private static let resourceConfig = structure([
        RequestMember("InstanceType", .text),
        RequestMember("InstanceCount", .integer(from: 1, to: nil)),
        RequestMember("MinInstanceCount", .integer(from: 1, to: nil)),
        RequestMember("VolumeSizeInGB", .integer(from: 0, to: nil)),
        RequestMember("VolumeKmsKeyId", kmsKey),
        RequestMember("KeepAlivePeriodInSeconds", .integer(from: 0, to: 21600)),
        RequestMember("InstanceGroups", .list(.anything, count: 0...5)),
        RequestMember("TrainingPlanArn", .string(TextLimits(50, 2048))),
        RequestMember("InstancePlacementConfig", .anything),
        RequestMember("InstancePreferences", .list(.anything, count: 1...5)),
        RequestMember("SelectedInstanceType", .text),
        RequestMember("SelectedInstanceCount", .integer(from: 0, to: nil)),
    ])

    private static let vpcConfig = structure([
        RequestMember(
            "SecurityGroupIds",
            .list(.string(TextLimits(0, 32, pattern: "[-0-9a-zA-Z]+")), count: 1...5),
            isRequired: true),
        RequestMember(
            "Subnets",
            .list(.string(TextLimits(0, 32, pattern: "[-0-9a-zA-Z]+")), count: 1...16),
            isRequired: true),
    ])

    private static let stoppingCondition = structure([
        RequestMember("MaxRuntimeInSeconds", .integer(from: 1, to: 28 * 86_400)),
        RequestMember("MaxWaitTimeInSeconds", .integer(from: 1, to: nil)),
        RequestMember("MaxPendingTimeInSeconds", .integer(from: 1800, to: 2_419_200)),
    ])

    private static let checkpointConfig = structure([
        RequestMember("S3Uri", uri, isRequired: true),
        RequestMember("LocalPath", .string(TextLimits(0, 4096))),
    ])

    private static let experimentConfig = structure(
        ["ExperimentName", "TrialName", "TrialComponentDisplayName", "RunName"].map {
            RequestMember(
                $0, .string(TextLimits(1, 120, pattern: "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")))
        })
}
