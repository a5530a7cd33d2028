/// What will not be offered, and why.
extension OperationFamily {
    static let refused: [OperationFamily] = [
        OperationFamily(
            refused: "jobs that are over are forgotten by age and number, with lockstep gc",
            ["DeleteTrainingJob"]),
        OperationFamily(
            refused: "a Lockstep cluster is made and changed by starting, draining and stopping its workers",
            [
                "Cluster", "Clusters", "ClusterEvent", "ClusterEvents", "ClusterExtension",
                "ClusterExtensions",
                "ClusterExtensionVersions", "ClusterHealthCheck", "ClusterNode", "ClusterNodes",
                "ClusterNodeNetworkInterface", "ClusterNodeVolume", "ClusterOperation", "ClusterOperations",
                "ClusterSoftware", "AddClusterNodes", "DeleteClusterNodes", "RebootClusterNodes",
                "ReplaceClusterNodes",
            ]),
        OperationFamily(
            refused: "jobs share a cluster by their priorities, and there is no second scheduler above it",
            [
                "ClusterSchedulerConfig", "ClusterSchedulerConfigs", "ComputeQuota", "ComputeQuotas",
            ]),
        OperationFamily(
            refused: "there is no capacity for sale: the workers are yours",
            [
                "TrainingPlan", "TrainingPlans", "TrainingPlanOfferings", "TrainingPlanExtensionHistory",
                "ReservedCapacity", "UltraServersByReservedCapacity",
            ]),
        OperationFamily(
            refused: "models are not compiled for devices of other kinds than this cluster's",
            [
                "CompilationJob", "CompilationJobs", "OptimizationJob", "OptimizationJobs", "Device",
                "Devices",
                "DeviceFleet", "DeviceFleets", "DeviceFleetReport", "EdgeDeploymentPlan",
                "EdgeDeploymentPlans", "EdgeDeploymentStage", "EdgePackagingJob", "EdgePackagingJobs",
                "StageDevices",
            ]),
        OperationFamily(
            refused:
                "applications of other companies, a catalogue of services and subscriptions to work teams "
                + "are AWS's own business",
            [
                "PartnerApp", "PartnerApps", "PartnerAppPresignedUrl", "SagemakerServicecatalogPortfolio",
                "SagemakerServicecatalogPortfolioStatus", "SubscribedWorkteam", "SubscribedWorkteams",
            ]),
        OperationFamily(
            refused: "run an MLflow of your own, and have programs write to it",
            [
                "MlflowApp", "MlflowApps", "MlflowTrackingServer", "MlflowTrackingServers",
                "PresignedMlflowAppUrl", "PresignedMlflowTrackingServerUrl",
            ]),
        OperationFamily(
            refused:
                "AWS's foundation models, and what measures, routes and customizes them, run at AWS only",
            [
                "AIBenchmarkJob", "AIBenchmarkJobs", "AIRecommendationJob", "AIRecommendationJobs",
                "AIWorkloadConfig", "AIWorkloadConfigs", "GlobalInferenceGateway", "GlobalInferenceGateways",
                "InferenceGateway", "InferenceGateways", "InferenceRouter", "InferenceRouters", "Job", "Jobs",
                "JobSchemaVersion", "JobSchemaVersions", "TrainingSession", "TrainingSessions",
            ]),
    ]

    private init(refused sentence: String, _ nouns: [String]) {
        self.init(sentence, isPlanned: false, nouns)
    }
}
