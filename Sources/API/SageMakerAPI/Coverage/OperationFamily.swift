/// Operations that belong together and are not offered for one reason.
struct OperationFamily: Sendable {
    /// What follows "CreateEndpoint is not offered": a sentence without its full stop.
    let sentence: String
    /// Whether it will be offered some day.
    let isPlanned: Bool
    /// What the operations' names are made of, without the verb: `Endpoint`, `Endpoints`.
    let nouns: Set<String>

    private init(planned sentence: String, _ nouns: [String]) {
        self.init(sentence, isPlanned: true, nouns)
    }

    init(_ sentence: String, isPlanned: Bool, _ nouns: [String]) {
        self.sentence = sentence
        self.isPlanned = isPlanned
        self.nouns = Set(nouns)
    }

    /// The family of an operation of SageMaker's.
    static func of(_ operation: String) -> OperationFamily? {
        all.first { $0.nouns.contains(operation) } ?? all.first { $0.nouns.contains(noun(of: operation)) }
    }

    /// The name without its first word, `TrainingJob` of `CreateTrainingJob`.
    private static func noun(of operation: String) -> String {
        String(operation.dropFirst().drop { !$0.isUppercase })
    }
}

extension OperationFamily {
    static let all: [OperationFamily] = planned + refused

    private static let planned: [OperationFamily] =
        [
            OperationFamily(
                planned: "there are no endpoints yet",
                [
                    "Endpoint", "Endpoints", "EndpointWeightsAndCapacities", "EndpointPolicy",
                    "InferenceComponent",
                    "InferenceComponents", "InferenceComponentRuntimeConfig",
                    "ScalingConfigurationRecommendation",
                ]),
            OperationFamily(
                planned:
                    "there are no experiments with endpoints yet, nor measurements to recommend their sizes",
                [
                    "InferenceExperiment", "InferenceExperiments", "InferenceRecommendationsJob",
                    "InferenceRecommendationsJobs", "InferenceRecommendationsJobSteps",
                ]),
            OperationFamily(
                planned: "there is no tuning yet",
                [
                    "HyperParameterTuningJob", "HyperParameterTuningJobs",
                    "TrainingJobsForHyperParameterTuningJob",
                ]),
            OperationFamily(
                planned: "there is no automatic choice of models yet",
                ["AutoMLJob", "AutoMLJobV2", "AutoMLJobs", "CandidatesForAutoMLJob"]),
            OperationFamily(
                planned: "there are no processing jobs yet", ["ProcessingJob", "ProcessingJobs"]),
            OperationFamily(planned: "there are no transform jobs yet", ["TransformJob", "TransformJobs"]),
            OperationFamily(
                planned: "there are no pipelines yet",
                [
                    "Pipeline", "Pipelines", "PipelineDefinitionForExecution", "PipelineExecution",
                    "PipelineExecutions", "PipelineExecutionSteps", "PipelineExecutionStepFailure",
                    "PipelineExecutionStepSuccess", "PipelineParametersForExecution", "PipelineVersion",
                    "PipelineVersions",
                ]),
            OperationFamily(
                planned: "nothing monitors endpoints yet",
                [
                    "MonitoringSchedule", "MonitoringSchedules", "MonitoringExecutions", "MonitoringAlert",
                    "MonitoringAlerts", "MonitoringAlertHistory",
                ]),
            OperationFamily(
                planned: "there are no notebook instances yet",
                ["NotebookInstance", "NotebookInstances", "PresignedNotebookInstanceUrl"]),
            OperationFamily(
                planned: "there is no model hub yet",
                [
                    "Hub", "Hubs", "HubContent", "HubContents", "HubContentVersions", "HubContentReference",
                    "HubContentPresignedUrls",
                ]),
            OperationFamily(
                planned: "model cards cannot be exported yet", ["ModelCardExportJob", "ModelCardExportJobs"]),
            OperationFamily(
                planned: "nobody labels records for this cluster yet",
                ["LabelingJob", "LabelingJobs", "LabelingJobsForWorkteam", "UiTemplate"]),
        ] + plannedResources

    /// What only has to be kept: these are on their way, one by one.
    private static let plannedResources: [OperationFamily] = [
        OperationFamily(
            planned: "this cluster does not keep models and their packages yet",
            [
                "Model", "Models", "ModelMetadata", "ModelPackage", "ModelPackages", "ModelPackageGroup",
                "ModelPackageGroups", "ModelPackageGroupPolicy", "DescribeModelPackage", "ModelCard",
                "ModelCards", "ModelCardVersions", "EndpointConfig", "EndpointConfigs",
            ]),
        OperationFamily(
            planned: "this cluster does not keep experiments and lineage yet",
            [
                "Experiment", "Experiments", "Trial", "Trials", "TrialComponent", "TrialComponents", "Action",
                "Actions", "Artifact", "Artifacts", "Context", "Contexts", "Association", "Associations",
                "Lineage", "LineageGroup", "LineageGroups", "LineageGroupPolicy",
            ]),
        OperationFamily(
            planned: "this cluster does not keep algorithms, images and code repositories yet",
            [
                "Algorithm", "Algorithms", "Image", "Images", "ImageVersion", "ImageVersions", "Aliases",
                "CodeRepository", "CodeRepositories", "AppImageConfig", "AppImageConfigs", "Project",
                "Projects",
            ]),
        OperationFamily(
            planned: "this cluster does not keep domains and what belongs to them yet",
            [
                "Domain", "Domains", "UserProfile", "UserProfiles", "Space", "Spaces", "App", "Apps",
                "StudioLifecycleConfig", "StudioLifecycleConfigs", "NotebookInstanceLifecycleConfig",
                "NotebookInstanceLifecycleConfigs", "PresignedDomainUrl", "Session",
            ]),
        OperationFamily(
            planned: "this cluster does not keep work teams and their tasks yet",
            [
                "FlowDefinition", "FlowDefinitions", "HumanTaskUi", "HumanTaskUis", "Workteam", "Workteams",
                "Workforce", "Workforces",
            ]),
        OperationFamily(
            planned: "this cluster does not keep definitions of monitoring yet",
            [
                "DataQualityJobDefinition", "DataQualityJobDefinitions", "ModelBiasJobDefinition",
                "ModelBiasJobDefinitions", "ModelExplainabilityJobDefinition",
                "ModelExplainabilityJobDefinitions", "ModelQualityJobDefinition",
                "ModelQualityJobDefinitions",
            ]),
        OperationFamily(
            planned: "this cluster keeps no features yet",
            ["FeatureGroup", "FeatureGroups", "FeatureMetadata"]),
        OperationFamily(planned: "nothing can be searched yet", ["Search", "SearchSuggestions"]),
        OperationFamily(
            planned: "tags are those that a training job was created with", ["Tags", "ResourceCatalogs"]),
        OperationFamily(planned: "a training job cannot be changed yet", ["UpdateTrainingJob"]),
        OperationFamily(
            planned: "this cluster does not describe itself yet",
            [
                "DescribeCluster", "DescribeClusterNode", "ListClusterNodes", "ListClusters",
                "DescribeClusterEvent", "ListClusterEvents",
            ]),
    ]
}
