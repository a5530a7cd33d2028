extension AlgorithmSpec {
    /// `linear-learner`: linear regression, binary and multiclass classification.
    public static let linearLearner = AlgorithmSpec(
        name: "linear-learner",
        summary: "Fits a linear regressor or classifier by stochastic gradient descent.",
        labelCount: 1,
        hyperparameters: linearTask + linearLoss + linearOptimizer + linearData + linearSelection,
        channels: [
            ChannelRequirement("train", isRequired: true, summary: "Records with a label."),
            ChannelRequirement(
                "validation", isRequired: false,
                summary: "Records that decide early stopping and the threshold."),
            ChannelRequirement("test", isRequired: false, summary: "Records for the final metrics."),
        ],
        metrics: linearMetrics,
        constraints: [classesGiven, classesNotGiven, lossFits, topKFits])

    private static let linearTask: [HyperparameterSpec] = [
        HyperparameterSpec(
            "predictor_type", .choice(["binary_classifier", "multiclass_classifier", "regressor"]),
            isRequired: true, "What the model predicts."),
        HyperparameterSpec(
            "num_classes", .integer(IntegerRange(from: 3, to: 1_000_000)),
            "Classes of a multiclass_classifier; labels are 0 to num_classes - 1."),
        HyperparameterSpec(
            "feature_dim", .integer(IntegerRange(from: 1)), default: "auto", allowsAuto: true,
            "Width of a record; auto takes that of the data."),
        HyperparameterSpec(
            "epochs", .integer(IntegerRange(from: 1)), default: "15", "Most passes over the data."),
        HyperparameterSpec(
            "mini_batch_size", .integer(IntegerRange(from: 1)), default: "1000", isTunable: true,
            "Records in one batch of the whole world, not of one machine."),
        HyperparameterSpec(
            "num_models", .integer(IntegerRange(from: 1, to: 1000)), default: "auto", allowsAuto: true,
            "Models trained side by side on the same batches, of which the best is kept; auto trains one."),
        HyperparameterSpec("use_bias", .boolean, default: "true", isTunable: true, "Fit an intercept."),
        HyperparameterSpec(
            "init_method", .choice(["uniform", "normal"]), default: "uniform",
            "Distribution of the first weights."),
        HyperparameterSpec(
            "init_scale", .real(RealRange(from: 0, includesLower: false)), default: "0.07",
            "Uniform first weights lie between minus this and this."),
        HyperparameterSpec(
            "init_sigma", .real(RealRange(from: 0, includesLower: false)), default: "0.01",
            "Standard deviation of normal first weights."),
        HyperparameterSpec("init_bias", .real(RealRange()), default: "0", "First intercept."),
    ]

    private static let linearLoss: [HyperparameterSpec] = [
        HyperparameterSpec(
            "loss", .choice(regressionLosses + binaryLosses + multiclassLosses), default: "auto",
            allowsAuto: true,
            "Auto is squared_loss, logistic or softmax_loss, by predictor_type."),
        HyperparameterSpec(
            "huber_delta", .real(RealRange(from: 0, includesLower: false)), default: "1.0",
            "Where huber_loss turns from squares to absolute values, in units of the label."),
        HyperparameterSpec(
            "loss_insensitivity", .real(RealRange(from: 0, includesLower: false)), default: "0.01",
            "Errors that eps_insensitive losses take for nothing, in units of the label."),
        HyperparameterSpec(
            "margin", .real(RealRange(from: 0, includesLower: false)), default: "1.0",
            "Margin of hinge_loss."),
        HyperparameterSpec(
            "quantile", .real(RealRange(from: 0, includesLower: false, to: 1, includesUpper: false)),
            default: "0.5", "Quantile of quantile_loss."),
        HyperparameterSpec(
            "balance_multiclass_weights", .boolean, default: "false",
            "Weigh classes by the inverse of their frequency."),
        HyperparameterSpec(
            "positive_example_weight_mult", .real(RealRange(from: 0, includesLower: false)),
            default: "1.0", isTunable: true, allowsAuto: true, words: ["balanced"],
            "Weight of positive records; balanced (and auto) makes both classes count the same."),
    ]

    private static let linearOptimizer: [HyperparameterSpec] = [
        HyperparameterSpec(
            "optimizer", .choice(["sgd", "adam", "rmsprop"]), default: "auto", allowsAuto: true,
            "Auto is adam."),
        HyperparameterSpec(
            "learning_rate", .real(RealRange(from: 0, includesLower: false)), default: "auto",
            isTunable: true, allowsAuto: true, "First step size."),
        HyperparameterSpec("beta_1", unitInterval, default: "auto", allowsAuto: true, "Adam; auto is 0.9."),
        HyperparameterSpec(
            "beta_2", unitInterval, default: "auto", allowsAuto: true,
            "Adam, and the decay of rmsprop; auto is 0.999 and 0.9."),
        HyperparameterSpec(
            "momentum", unitInterval, default: "auto", allowsAuto: true, "Of sgd; auto is 0.9."),
        HyperparameterSpec(
            "l1", .real(RealRange(from: 0)), default: "auto", isTunable: true, allowsAuto: true,
            "L1 penalty on normalised weights; auto is 0."),
        HyperparameterSpec(
            "wd", .real(RealRange(from: 0)), default: "auto", isTunable: true, allowsAuto: true,
            "L2 penalty (weight decay) on normalised weights; auto is 0."),
        HyperparameterSpec(
            "bias_lr_mult", .real(RealRange(from: 0, includesLower: false)), default: "auto",
            allowsAuto: true, "Step size of the intercept over that of weights; auto is 1."),
        HyperparameterSpec(
            "bias_wd_mult", .real(RealRange(from: 0)), default: "auto", allowsAuto: true,
            "Weight decay of the intercept over that of weights; auto is 0."),
        HyperparameterSpec(
            "use_lr_scheduler", .boolean, default: "true", "Let the step size fall on the way."),
        HyperparameterSpec(
            "lr_scheduler_step", .integer(IntegerRange(from: 1)), default: "auto", allowsAuto: true,
            "Steps between two falls; auto is a hundredth of all steps."),
        HyperparameterSpec(
            "lr_scheduler_factor",
            .real(RealRange(from: 0, includesLower: false, to: 1, includesUpper: false)),
            default: "auto", allowsAuto: true, "Factor of one fall; auto ends at the minimum."),
        HyperparameterSpec(
            "lr_scheduler_minimum_lr", .real(RealRange(from: 0, includesLower: false)),
            default: "auto", allowsAuto: true, "Smallest step size; auto is a hundredth of the first."),
    ]

    private static let linearData: [HyperparameterSpec] = [
        HyperparameterSpec(
            "normalize_data", .boolean, default: "true", allowsAuto: true,
            "Scale features to unit standard deviation; auto is true."),
        HyperparameterSpec(
            "normalize_label", .boolean, default: "auto", allowsAuto: true,
            "Scale the label to unit standard deviation; auto is true in regression."),
        HyperparameterSpec(
            "unbias_data", .boolean, default: "auto", allowsAuto: true,
            "Shift features to mean 0; auto is true where features are scaled and there is a bias."),
        HyperparameterSpec(
            "unbias_label", .boolean, default: "auto", allowsAuto: true,
            "Shift the label to mean 0; auto is true in regression with a bias."),
        HyperparameterSpec(
            "num_point_for_scaler", .integer(IntegerRange(from: 1)), default: "10000",
            "Accepted for compatibility; mean and deviation are of all records, exactly."),
    ]

    private static let linearSelection: [HyperparameterSpec] = [
        HyperparameterSpec(
            "early_stopping_patience", .integer(IntegerRange(from: 1)), default: "3",
            "Epochs without improvement before training ends."),
        HyperparameterSpec(
            "early_stopping_tolerance", .real(RealRange(from: 0, includesLower: false)),
            default: "0.001", "Relative fall of the loss that counts as improvement."),
        HyperparameterSpec(
            "binary_classifier_model_selection_criteria",
            .choice([
                "accuracy", "f_beta", "precision_at_target_recall", "recall_at_target_precision",
                "loss_function",
            ]), default: "accuracy", "What the threshold of a binary_classifier is chosen for."),
        HyperparameterSpec(
            "f_beta", .real(RealRange(from: 0, includesLower: false)), default: "1.0",
            "Weight of recall against precision in F scores."),
        HyperparameterSpec(
            "target_precision", openUnitInterval, default: "0.8", "For recall_at_target_precision."),
        HyperparameterSpec(
            "target_recall", openUnitInterval, default: "0.8", "For precision_at_target_recall."),
        HyperparameterSpec(
            "num_calibration_samples", .integer(IntegerRange(from: 1)), default: "auto",
            allowsAuto: true, "Records the threshold is chosen on; auto is all."),
        HyperparameterSpec(
            "accuracy_top_k", .integer(IntegerRange(from: 1)), default: "3",
            "k of multiclass_top_k_accuracy."),
    ]

    private static let unitInterval = HyperparameterSpec.ValueType.real(
        RealRange(from: 0, to: 1, includesUpper: false))
    private static let openUnitInterval = HyperparameterSpec.ValueType.real(
        RealRange(from: 0, includesLower: false, to: 1, includesUpper: false))
}

// Rules that concern two hyperparameters.
extension AlgorithmSpec {
    static let regressionLosses = [
        "squared_loss", "absolute_loss", "huber_loss", "eps_insensitive_squared_loss",
        "eps_insensitive_absolute_loss", "quantile_loss",
    ]
    static let binaryLosses = ["logistic", "hinge_loss"]
    static let multiclassLosses = ["softmax_loss"]

    private static let classesGiven: HyperparameterConstraint = { values in
        guard values["predictor_type"] == "multiclass_classifier", values["num_classes"] == nil else {
            return nil
        }
        return "hyperparameter num_classes is missing: a multiclass_classifier needs it, and it must be a "
            + "whole number from 3 to 1000000"
    }

    private static let classesNotGiven: HyperparameterConstraint = { values in
        guard let type = values["predictor_type"], type != "multiclass_classifier",
            let count = values["num_classes"]
        else { return nil }
        return "hyperparameter num_classes is '\(count)': predictor_type \(type) has none, leave it out"
    }

    private static let lossFits: HyperparameterConstraint = { values in
        guard let type = values["predictor_type"], let loss = values["loss"], loss != "auto" else {
            return nil
        }
        let allowed =
            switch type {
            case "binary_classifier": binaryLosses
            case "multiclass_classifier": multiclassLosses
            default: regressionLosses
            }
        if allowed.contains(loss) { return nil }
        return "hyperparameter loss is '\(loss)': with predictor_type \(type) it must be one of "
            + allowed.joined(separator: ", ") + " or auto"
    }

    private static let topKFits: HyperparameterConstraint = { values in
        guard let classes = values["num_classes"].flatMap({ Int($0) }),
            let top = values["accuracy_top_k"].flatMap({ Int($0) }), top > classes
        else { return nil }
        return "hyperparameter accuracy_top_k is '\(top)': it must be at most num_classes, \(classes)"
    }
}

extension AlgorithmSpec {
    private static let linearMetrics: [MetricSpec] = {
        var metrics: [MetricSpec] = [.progress, .throughput]
        for channel in ["train", "validation"] {
            metrics.append(.perEpoch(channel, "objective_loss", #"\S+_objective"#, .minimize))
            metrics.append(.final(channel, "objective_loss:final", #"\S+_objective"#, .minimize))
        }
        metrics.append(.final("test", "objective_loss", #"\S+_objective"#, .minimize))
        for channel in ["train", "validation", "test"] {
            for name in ["mse", "rmse", "absolute_loss"] {
                metrics.append(.final(channel, name, name, .minimize))
            }
            for (name, logged) in linearScores {
                metrics.append(.final(channel, name, logged, .maximize))
            }
        }
        return metrics
    }()

    private static let linearScores = [
        ("binary_classification_accuracy", "binary_classification_accuracy"),
        ("binary_f_beta", #"binary_f_\S+"#), ("precision", "precision"), ("recall", "recall"),
        ("roc_auc_score", "roc_auc_score"), ("multiclass_accuracy", "multiclass_accuracy"),
        ("multiclass_top_k_accuracy", #"multiclass_top_k_accuracy_\S+"#),
        ("macro_f_beta", #"macro_f_\S+"#), ("macro_precision", "macro_precision"),
        ("macro_recall", "macro_recall"), ("dcg", "dcg"),
    ]
}
