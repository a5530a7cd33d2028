import JSON

/// Debugger, profiler, TensorBoard and other services that SageMaker runs beside a job.
extension MemberTable {
    static let tools: [MemberRule] =
        debugger + [
            MemberRule(
                "TensorBoardOutputConfig",
                .refused("write the summaries to CheckpointConfig.LocalPath, whose files are kept")),
            MemberRule("ExperimentConfig.ExperimentName", label),
            MemberRule("ExperimentConfig.TrialName", label),
            MemberRule("ExperimentConfig.TrialComponentDisplayName", label),
            MemberRule("ExperimentConfig.RunName", label),
            MemberRule("ServerlessJobConfig", .refused("give AlgorithmSpecification")),
            MemberRule("MlflowConfig", .refused("have the program write to your MLflow itself")),
            MemberRule(
                "ModelPackageConfig",
                .refused("there is no model registry; the model is at ModelArtifacts.S3ModelArtifacts")),
        ]

    private static let label = MemberTreatment.echoed("a label; ListTrainingJobs knows jobs by their names")
    private static let unasked = MemberTreatment.echoed(
        "the SDK sends it by itself; no debugger or profiler writes there")

    private static let debugger: [MemberRule] = [
        MemberRule("DebugHookConfig.LocalPath", unasked),
        MemberRule("DebugHookConfig.S3OutputPath", unasked),
        MemberRule("DebugHookConfig.HookParameters", .refused(noHook)),
        MemberRule("DebugHookConfig.CollectionConfigurations", .refused(noHook)),
        MemberRule("DebugRuleConfigurations", .refused("no rule is evaluated beside a job; leave it out")),
        MemberRule("ProfilerConfig.S3OutputPath", unasked),
        MemberRule("ProfilerConfig.ProfilingIntervalInMilliseconds", .refused(noProfiler)),
        MemberRule("ProfilerConfig.ProfilingParameters", .refused(noProfiler)),
        MemberRule("ProfilerConfig.DisableProfiler", unasked),
        MemberRule(
            "ProfilerRuleConfigurations",
            .refused(
                "no rule is evaluated beside a job; leave it out (the rule ProfilerReport, which older SDKs "
                    + "send by themselves, is taken and echoed)", unless: isOnlyProfilerReport)),
    ]

    private static let noHook = "no hook saves tensors; leave it out, and save what you need in the program"
    private static let noProfiler = "no profiler runs beside a job; leave it out"

    private static func isOnlyProfilerReport(_ value: JSONValue) -> Bool {
        value.array?.allSatisfy { $0["RuleParameters"]?["rule_to_invoke"]?.string == "ProfilerReport" }
            ?? false
    }
}
