/// An algorithm on one page, for people.
public struct AlgorithmSheet: Sendable {
    /// A line about a hyperparameter.
    public struct Hyperparameter: Sendable {
        let name: String
        let defaultValue: String?
        let isRequired: Bool
        let requirement: String
        let summary: String

        /// - Parameter requirement: what a value must be: type and range in words.
        public init(
            name: String, defaultValue: String?, isRequired: Bool, requirement: String, summary: String
        ) {
            self.name = name
            self.defaultValue = defaultValue
            self.isRequired = isRequired
            self.requirement = requirement
            self.summary = summary
        }
    }

    private let title: String
    private let hyperparameters: [Hyperparameter]
    private let channels: [(name: String, isRequired: Bool, summary: String)]
    private let metrics: [(name: String, direction: String)]

    /// - Parameter metrics: name, and `minimize` or `maximize`.
    public init(
        name: String, summary: String, hyperparameters: [Hyperparameter],
        channels: [(name: String, isRequired: Bool, summary: String)],
        metrics: [(name: String, direction: String)]
    ) {
        title = "\(name): \(summary)"
        self.hyperparameters = hyperparameters
        self.channels = channels
        self.metrics = metrics
    }

    /// The page, without a newline at its end.
    public var text: String {
        var parameters = TextTable([
            ("HYPERPARAMETER", .left), ("DEFAULT", .left), ("MUST BE", .left), ("MEANS", .left),
        ])
        for parameter in hyperparameters {
            let fallback = parameter.isRequired ? "(required)" : parameter.defaultValue ?? ""
            parameters.add([parameter.name, fallback, parameter.requirement, parameter.summary])
        }
        var inputs = TextTable([("CHANNEL", .left), ("", .left), ("HOLDS", .left)])
        for channel in channels {
            inputs.add([channel.name, channel.isRequired ? "required" : "optional", channel.summary])
        }
        var measures = TextTable([("METRIC", .left), ("BETTER WHEN", .left)])
        for metric in metrics {
            measures.add([metric.name, metric.direction == "minimize" ? "smaller" : "larger"])
        }
        return [title, parameters.text, inputs.text, measures.text].joined(separator: "\n\n")
    }
}
