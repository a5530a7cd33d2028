import ClusterTypes
import Foundation
import JSON

extension JobSpec {
    /// Variable with the job's name, as SageMaker has it.
    public static let nameVariable = "TRAINING_JOB_NAME"
    /// Variable with the job's ARN, as SageMaker has it.
    public static let arnVariable = "TRAINING_JOB_ARN"

    /// What the job's processes find in their environment: the job's own variables, and what SageMaker tells
    /// every training container.
    public var variables: [String: String] {
        environment.merging([Self.nameVariable: name.rawValue, Self.arnVariable: arn]) { $1 }
    }

    /// A hyperparameter as its reader means it: the SageMaker SDK sends strings as JSON, with quotes.
    public func text(ofHyperparameter name: String) -> String? {
        hyperparameters[name].map(Self.unquoted)
    }

    /// A value without the quotes that the SageMaker SDK puts around strings.
    public static func unquoted(_ value: String) -> String {
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
        guard case .string(let text)? = try? JSONValue(parsing: Data(value.utf8)) else { return value }
        return text
    }

    /// Folder or archive that holds a script, as the hyperparameter `sagemaker_submit_directory` says it: a
    /// path, or a URI.
    public var codeLocation: String? { text(ofHyperparameter: Self.codeHyperparameter) }
    /// Name of the hyperparameter.
    public static let codeHyperparameter = "sagemaker_submit_directory"
}
