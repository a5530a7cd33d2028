/// What there is to know of an algorithm without linking its mathematics: names, types, ranges and
/// defaults of its hyperparameters, its channels and its metrics.
public struct AlgorithmSpec: Sendable {
    /// Name as in SageMaker's documentation, `linear-learner`.
    public let name: String
    /// One sentence.
    public let summary: String
    public let hyperparameters: [HyperparameterSpec]
    /// Channels by name.
    public let channels: [ChannelRequirement]
    /// Names of the metrics it reports, `validation:objective_loss`.
    public let metrics: [MetricSpec]
    /// Labels a row in the `train` channel that CSV has by default: 1 supervised, 0 unsupervised.
    public let labelCount: Int
    /// Number of the algorithm's mathematics, 1 at first. Raise it when a new version gives other bits:
    /// then no job goes on from a state that the old version made.
    public let revision: Int
    /// Rules that concern more than one hyperparameter, checked by `resolve` after each value.
    public let constraints: [HyperparameterConstraint]

    /// - Parameters:
    ///   - name: letters, digits and hyphens.
    ///   - channels: `train`, and those of `validation` and `test` that the algorithm uses.
    public init(
        name: String, summary: String, labelCount: Int, revision: Int = 1,
        hyperparameters: [HyperparameterSpec], channels: [ChannelRequirement], metrics: [MetricSpec],
        constraints: [HyperparameterConstraint] = []
    ) {
        self.name = name
        self.summary = summary
        self.labelCount = labelCount
        self.revision = revision
        self.hyperparameters = hyperparameters
        self.channels = channels
        self.metrics = metrics
        self.constraints = constraints
    }
}

/// A rule over several hyperparameters: gets the checked values, returns what is wrong with them in
/// one sentence without a full stop, or `nil`.
public typealias HyperparameterConstraint = @Sendable ([String: String]) -> String?

public struct ChannelRequirement: Sendable {
    public let name: String
    public let isRequired: Bool
    public let summary: String
    public init(_ name: String, isRequired: Bool, summary: String) {
        self.name = name
        self.isRequired = isRequired
        self.summary = summary
    }
}

public struct MetricSpec: Sendable {
    public enum Direction: String, Sendable { case minimize, maximize }
    public let name: String
    public let direction: Direction
    /// Pattern that finds the metric in the log, as in SageMaker's MetricDefinitions.
    public let pattern: String
    public init(_ name: String, _ direction: Direction, pattern: String) {
        self.name = name
        self.direction = direction
        self.pattern = pattern
    }
}

/// One hyperparameter: name, type with range, default, whether it must be given or may be tuned.
public struct HyperparameterSpec: Sendable {
    public enum ValueType: Sendable {
        case integer(IntegerRange)
        case real(RealRange)
        case boolean
        case choice([String])
        /// Any of these, as a JSON list or comma list.
        case choices([String])
        case text
    }
    public let name: String
    public let type: ValueType
    /// Text form of the default; `nil` when there is none.
    public let defaultValue: String?
    public let isRequired: Bool
    public let isTunable: Bool
    /// Whether the word `auto` is accepted beside the type's values.
    public let allowsAuto: Bool
    /// Other words accepted beside the type's values, `balanced`.
    public let words: [String]
    public let summary: String

    public init(
        _ name: String, _ type: ValueType, default defaultValue: String? = nil,
        isRequired: Bool = false, isTunable: Bool = false, allowsAuto: Bool = false,
        words: [String] = [], _ summary: String
    ) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.isRequired = isRequired
        self.isTunable = isTunable
        self.allowsAuto = allowsAuto
        self.words = words
        self.summary = summary
    }
}

/// Whole numbers from `lower` to `upper`, both included; `nil` means unbounded.
public struct IntegerRange: Sendable {
    public let lower: Int?
    public let upper: Int?
    public init(from lower: Int? = nil, to upper: Int? = nil) {
        self.lower = lower
        self.upper = upper
    }
}

/// Real numbers between bounds, each included or not; `nil` means unbounded.
public struct RealRange: Sendable {
    public let lower: Double?
    public let includesLower: Bool
    public let upper: Double?
    public let includesUpper: Bool
    public init(
        from lower: Double? = nil, includesLower: Bool = true, to upper: Double? = nil,
        includesUpper: Bool = true
    ) {
        self.lower = lower
        self.includesLower = includesLower
        self.upper = upper
        self.includesUpper = includesUpper
    }
}
