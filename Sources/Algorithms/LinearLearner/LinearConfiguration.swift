import AlgorithmSpecs
import Diagnostics
import RecordOrder
import Training

/// Hyperparameters of linear-learner in typed form, `auto` replaced where the data are not needed.
struct LinearConfiguration: Sendable {
    enum Task: String, Sendable {
        case regressor, binary = "binary_classifier", multiclass = "multiclass_classifier"
    }
    enum PositiveWeight: Sendable, Equatable { case balanced, fixed(Double) }
    enum FirstWeights: Sendable { case uniform(Double), normal(Double) }

    let task: Task
    /// Scores a record: classes of a multiclass_classifier, else 1.
    let outputs: Int
    /// In units of the label as given.
    let loss: Loss
    let epochs: Int
    let batchSize: Int
    let usesBias: Bool
    let firstWeights: FirstWeights
    let firstBias: Double
    let scalesFeatures, shiftsFeatures: Bool
    let scalesLabel, shiftsLabel: Bool
    let balancesClasses: Bool
    let positiveWeight: PositiveWeight
    let optimizer: OptimizerRule
    /// The models that are trained side by side.
    let variants: [ModelVariant]
    let schedule: LearningRateSchedule
    let patience: Int
    let tolerance: Double
    let criterion: ThresholdCriterion
    let beta, targetPrecision, targetRecall: Double
    /// Records to choose the threshold on; `nil` for all.
    let calibrationCount: Int?
    let topK: Int

    init(_ given: ResolvedHyperparameters, data: DataDescription) throws {
        guard let task = given.text("predictor_type").flatMap({ Task(rawValue: $0) }) else {
            throw LockstepError(.configuration, "hyperparameter predictor_type is missing")
        }
        try FeatureWidth.check(given, data: data)
        self.task = task
        outputs = task == .multiclass ? given.integer("num_classes") ?? 3 : 1
        loss = Self.loss(given, task: task)
        epochs = given.integer("epochs") ?? 15
        batchSize = given.integer("mini_batch_size") ?? 1000
        usesBias = given.boolean("use_bias") ?? true
        firstWeights =
            given.text("init_method") == "normal"
            ? .normal(given.real("init_sigma") ?? 0.01) : .uniform(given.real("init_scale") ?? 0.07)
        firstBias = given.real("init_bias") ?? 0
        scalesFeatures = given.boolean("normalize_data") ?? true
        shiftsFeatures = given.boolean("unbias_data") ?? (scalesFeatures && usesBias)
        scalesLabel = task == .regressor && given.boolean("normalize_label") ?? true
        shiftsLabel = task == .regressor && given.boolean("unbias_label") ?? usesBias
        balancesClasses = given.boolean("balance_multiclass_weights") ?? false
        positiveWeight =
            given.real("positive_example_weight_mult").map { .fixed($0) } ?? .balanced
        let optimizer = OptimizerRule(given)
        self.optimizer = optimizer
        variants = (0..<(given.integer("num_models") ?? 1)).map { ModelVariant($0, of: optimizer) }
        let batches = BatchPlan(
            recordCount: data.recordCount, shardCount: data.logicalShardCount, batchSize: batchSize
        ).batchCount
        schedule = LearningRateSchedule(given, stepCount: batches * epochs)
        patience = given.integer("early_stopping_patience") ?? 3
        tolerance = given.real("early_stopping_tolerance") ?? 0.001
        criterion =
            given.text("binary_classifier_model_selection_criteria")
            .flatMap { ThresholdCriterion(rawValue: $0) } ?? .accuracy
        beta = given.real("f_beta") ?? 1
        targetPrecision = given.real("target_precision") ?? 0.8
        targetRecall = given.real("target_recall") ?? 0.8
        calibrationCount = given.integer("num_calibration_samples")
        topK = given.integer("accuracy_top_k") ?? 3
    }

    private static func loss(_ given: ResolvedHyperparameters, task: Task) -> Loss {
        let epsilon = given.real("loss_insensitivity") ?? 0.01
        switch given.text("loss") {
        case "absolute_loss": return .absolute
        case "huber_loss": return .huber(delta: given.real("huber_delta") ?? 1)
        case "eps_insensitive_squared_loss": return .epsilonSquared(epsilon: epsilon)
        case "eps_insensitive_absolute_loss": return .epsilonAbsolute(epsilon: epsilon)
        case "quantile_loss": return .quantile(given.real("quantile") ?? 0.5)
        case "hinge_loss": return .hinge(margin: given.real("margin") ?? 1)
        default:
            switch task {
            case .regressor: return .squared
            case .binary: return .logistic
            case .multiclass: return .softmax
            }
        }
    }

    /// Scores at or above this are positive where no threshold has been chosen: probability ½.
    var plainThreshold: Double { loss == .logistic ? 0.5 : 0 }
}
