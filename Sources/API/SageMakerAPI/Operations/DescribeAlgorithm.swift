import ServiceModels
import AlgorithmSpecs
import SageMakerShapes

/// What a job for one algorithm may say.
struct DescribeAlgorithm: TypedHandler {
    let service = ServiceName.lockstep
    let operation = "DescribeAlgorithm"

    func answer(
        _ input: DescribeAlgorithmRequest, _ call: APICall
    ) async throws -> AlgorithmDescription {
        let spec = try AlgorithmSpec.builtIn(named: input.algorithmName)
        return AlgorithmDescription(
            algorithmName: spec.name, summary: spec.summary,
            hyperParameters: (spec.hyperparameters + RuntimeSettings.specs).map(
                AlgorithmDescription.Hyperparameter.init),
            channels: spec.channels.map {
                AlgorithmDescription.ChannelSummary(
                    channelName: $0.name, isRequired: $0.isRequired, summary: $0.summary)
            },
            metrics: spec.metrics.map {
                AlgorithmDescription.MetricSummary(
                    metricName: $0.name, direction: $0.direction.rawValue)
            })
    }
}

extension AlgorithmDescription.Hyperparameter {
    init(_ spec: HyperparameterSpec) {
        self.init(
            name: spec.name, type: spec.type.name, values: spec.requirement,
            defaultValue: spec.defaultValue, isRequired: spec.isRequired, isTunable: spec.isTunable,
            summary: spec.summary)
    }
}

extension HyperparameterSpec.ValueType {
    /// SageMaker's ParameterType where there is one.
    fileprivate var name: String {
        switch self {
        case .integer: "Integer"
        case .real: "Continuous"
        case .boolean: "Boolean"
        case .choice: "Categorical"
        case .choices: "List"
        case .text: "FreeText"
        }
    }
}
