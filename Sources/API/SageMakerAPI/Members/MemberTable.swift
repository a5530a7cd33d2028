import JSON

/// The treatment of every member of CreateTrainingJob: the one table that requests are checked against
/// and that docs/sagemaker-api.md lists. A member that is not in it is newer than this cluster; it is
/// kept and echoed.
package enum MemberTable {
    /// All rules, in the order of SageMaker's service model.
    package static let rules = algorithm + data + output + resources + limits + isolation + tools

    /// The rule for the member at `path`; `nil` for one that nobody has decided on.
    package static func rule(for path: String) -> MemberRule? { rules.first { $0.covers(path) } }

    private static let algorithm: [MemberRule] = [
        MemberRule("TrainingJobName", .works),
        MemberRule("HyperParameters", .works),
        MemberRule("AlgorithmSpecification.TrainingImage", .works),
        MemberRule("AlgorithmSpecification.AlgorithmName", .works),
        MemberRule("AlgorithmSpecification.TrainingInputMode", .works),
        MemberRule("AlgorithmSpecification.MetricDefinitions[].Name", .works),
        MemberRule("AlgorithmSpecification.MetricDefinitions[].Regex", .works),
        MemberRule(
            "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries",
            .echoed("the SDK sends it by itself; metrics are in log and description either way")),
        MemberRule("AlgorithmSpecification.ContainerEntrypoint", .works),
        MemberRule("AlgorithmSpecification.ContainerArguments", .works),
        MemberRule(
            "AlgorithmSpecification.TrainingImageConfig",
            .refused(
                "a TrainingImage is no download from a registry but a folder that the workers have; leave "
                    + "it out, or say TrainingRepositoryAccessMode Platform",
                unless: { $0 == .object(["TrainingRepositoryAccessMode": .string("Platform")]) })),
        MemberRule("RoleArn", .echoed("jobs get their rights from the user they run as, not from a role")),
    ]

    private static let source = "InputDataConfig[].DataSource.S3DataSource."
    private static let data: [MemberRule] = [
        MemberRule("InputDataConfig[].ChannelName", .works),
        MemberRule(source + "S3DataType", .works),
        MemberRule(source + "S3Uri", .works),
        MemberRule(source + "S3DataDistributionType", .works),
        MemberRule(source + "AttributeNames", .refused("name the files themselves with S3DataType S3Prefix")),
        MemberRule(
            source + "InstanceGroupNames", .refused("all hosts of a job are alike and get the channel")),
        MemberRule(
            source + "ModelAccessConfig.AcceptEula",
            .echoed("files on the cluster's own storage ask for no consent")),
        MemberRule(
            source + "HubAccessConfig", .refused("there is no hub; put the files on shared storage")),
        MemberRule(
            "InputDataConfig[].DataSource.FileSystemDataSource",
            .refused(
                "mount the file system on all workers and name its files with S3DataSource.S3Uri file:///PATH"
            )),
        MemberRule(
            "InputDataConfig[].DataSource.DatasetSource",
            .refused("there is no hub; name files with S3DataSource.S3Uri file:///PATH")),
        MemberRule("InputDataConfig[].ContentType", .works),
        MemberRule("InputDataConfig[].CompressionType", .works),
        MemberRule("InputDataConfig[].RecordWrapperType", .works),
        MemberRule("InputDataConfig[].InputMode", .works),
        MemberRule(
            "InputDataConfig[].ShuffleConfig",
            .refused(
                "built-in algorithms take the records in an order of their own (hyperparameter seed), and "
                    + "programs get the files; leave it out")),
    ]

    private static let output: [MemberRule] = [
        MemberRule(
            "OutputDataConfig.KmsKeyId",
            .refused("nothing is encrypted here; leave it out, and write to storage that encrypts")),
        MemberRule("OutputDataConfig.S3OutputPath", .works),
        MemberRule("OutputDataConfig.CompressionType", .works),
    ]

    private static let resources: [MemberRule] = [
        MemberRule("ResourceConfig.InstanceType", .echoed("a rank's size is that of its worker's slot")),
        MemberRule("ResourceConfig.InstanceCount", .works),
        MemberRule("ResourceConfig.MinInstanceCount", .works),
        MemberRule("ResourceConfig.VolumeSizeInGB", .echoed("jobs use the disks that the workers have")),
        MemberRule(
            "ResourceConfig.VolumeKmsKeyId",
            .refused("nothing is encrypted here; leave it out, and encrypt the workers' disks")),
        MemberRule(
            "ResourceConfig.KeepAlivePeriodInSeconds",
            .refused(
                "there are no warm pools, because workers are always up; leave it out",
                unless: { $0 == .integer(0) })),
        MemberRule("ResourceConfig.InstanceGroups", .refused("give InstanceCount, one rank an instance")),
        MemberRule("ResourceConfig.TrainingPlanArn", .refused("give InstanceCount, one rank an instance")),
        MemberRule(
            "ResourceConfig.InstancePlacementConfig",
            .refused("the scheduler chooses the workers; leave it out")),
        MemberRule(
            "ResourceConfig.InstancePreferences", .refused("give InstanceCount, one rank an instance")),
        MemberRule("ResourceConfig.SelectedInstanceType", .refused("it belongs to answers; leave it out")),
        MemberRule("ResourceConfig.SelectedInstanceCount", .refused("it belongs to answers; leave it out")),
        MemberRule(
            "VpcConfig", .refused("jobs use their workers' network; leave it out, and guard that network")),
    ]

    private static let limits: [MemberRule] = [
        MemberRule("StoppingCondition.MaxRuntimeInSeconds", .works),
        MemberRule("StoppingCondition.MaxWaitTimeInSeconds", .works),
        MemberRule(
            "StoppingCondition.MaxPendingTimeInSeconds",
            .refused("jobs wait until slots are free; leave it out, and stop one that waits too long")),
        MemberRule("Tags[].Key", .works),
        MemberRule("Tags[].Value", .works),
        MemberRule("EnableManagedSpotTraining", .works),
        MemberRule("CheckpointConfig.S3Uri", .works),
        MemberRule("CheckpointConfig.LocalPath", .works),
        MemberRule("Environment", .works),
        MemberRule("RetryStrategy.MaximumRetryAttempts", .works),
    ]

    private static let isolation: [MemberRule] = [
        MemberRule(
            "EnableNetworkIsolation",
            .refused(
                "programs keep the network of their worker; leave it out, and run them where there is "
                    + "nothing to reach (built-in algorithms, which connect to nothing but their own ranks, "
                    + "take it)", forProgramsOnly: true)),
        MemberRule(
            "EnableInterContainerTrafficEncryption",
            .refused("ranks talk to each other in the clear; leave it out, and use a network of your own")),
        MemberRule(
            "RemoteDebugConfig", .refused("there is no session into a running job; leave it out")),
        MemberRule(
            "InfraCheckConfig", .refused("workers are not checked before a job; leave it out")),
        MemberRule(
            "SessionChainingConfig", .refused("jobs get no session of a role; leave it out")),
    ]
}
