/// A script's hyperparameters as the toolkit reads them: JSON where they are JSON, SageMaker's own apart.
struct ScriptHyperparameters: Sendable {
    /// The script's own.
    let own: [String: PythonValue]
    /// Those that begin with `sagemaker_`.
    let sagemaker: [String: PythonValue]

    /// The platform's, which are no parameters of a framework.
    private static let platform: Set<String> = [
        "sagemaker_program", "sagemaker_submit_directory", "sagemaker_enable_cloudwatch_metrics",
        "sagemaker_region", "sagemaker_container_log_level", "sagemaker_job_name", "sagemaker_s3_output",
    ]
    /// Platform's without the prefix.
    private static let hidden: Set<String> = ["default_user_module_name", "_tuning_objective_metric"]

    init(_ texts: [String: String]) {
        let values = texts.mapValues { PythonValue(hyperparameter: $0) }
        own = values.filter { !$0.key.hasPrefix("sagemaker_") && !Self.hidden.contains($0.key) }
        sagemaker = values.filter { $0.key.hasPrefix("sagemaker_") }
    }

    /// A `sagemaker_…` as text; `nil` where it is missing or null.
    func text(_ name: String) -> String? {
        guard let value = sagemaker[name] else { return nil }
        if case .none = value { return nil }
        return value.text
    }

    /// Those for the framework.
    var framework: [String: PythonValue] { sagemaker.filter { !Self.platform.contains($0.key) } }

    /// `--name value` for each of the script's own in order of names; `-n` for a name of one letter.
    var arguments: [String] {
        own.sorted { PythonValue.precedes($0.key, $1.key) }.flatMap { name, value in
            [(name.unicodeScalars.count > 1 ? "--" : "-") + name, value.argument]
        }
    }
}
