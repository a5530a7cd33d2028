import AlgorithmSpecs
import Diagnostics
import Testing

struct MistakeCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var spec: String
    var given: [String: String]
    var message: String

    static let all: [MistakeCase] = [
        MistakeCase(
            testDescription: "text for a number", spec: "linear-learner",
            given: ["predictor_type": "regressor", "learning_rate": "abc"],
            message: "hyperparameter learning_rate is 'abc': it must be a number above 0 or auto"),
        MistakeCase(
            testDescription: "zero where it must be above", spec: "linear-learner",
            given: ["predictor_type": "regressor", "learning_rate": "0"],
            message: "hyperparameter learning_rate is '0': it must be a number above 0 or auto"),
        MistakeCase(
            testDescription: "infinity", spec: "linear-learner",
            given: ["predictor_type": "regressor", "wd": "inf"],
            message: "hyperparameter wd is 'inf': it must be a number of at least 0 or auto"),
        MistakeCase(
            testDescription: "a slip of the hand", spec: "linear-learner",
            given: ["predictor_type": "regressor", "learning_rat": "1"],
            message: "hyperparameter learning_rat is unknown to linear-learner; did you mean learning_rate?"),
        MistakeCase(
            testDescription: "a name from nowhere", spec: "kmeans",
            given: ["k": "3", "feature_dim": "2", "zebra_count_total": "1"],
            message: "hyperparameter zebra_count_total is unknown to kmeans; "
                + "`lockstep algorithms describe kmeans` lists those it has"),
        MistakeCase(
            testDescription: "a required one missing", spec: "kmeans", given: ["feature_dim": "2"],
            message: "hyperparameter k is missing: kmeans needs it, and it must be a whole number of at "
                + "least 2"),
        MistakeCase(
            testDescription: "several models", spec: "linear-learner",
            given: ["predictor_type": "regressor", "num_models": "1001"],
            message: "hyperparameter num_models is '1001': it must be a whole number from 1 to 1000 or auto"),
        MistakeCase(
            testDescription: "classes missing", spec: "linear-learner",
            given: ["predictor_type": "multiclass_classifier"],
            message: "hyperparameter num_classes is missing: a multiclass_classifier needs it, and it must "
                + "be a whole number from 3 to 1000000"),
        MistakeCase(
            testDescription: "a loss of another task", spec: "linear-learner",
            given: ["predictor_type": "binary_classifier", "loss": "squared_loss"],
            message: "hyperparameter loss is 'squared_loss': with predictor_type binary_classifier it must "
                + "be one of logistic, hinge_loss or auto"),
        MistakeCase(
            testDescription: "not quite a boolean", spec: "linear-learner",
            given: ["predictor_type": "regressor", "normalize_data": "yes"],
            message: "hyperparameter normalize_data is 'yes': it must be true, false or auto"),
        MistakeCase(
            testDescription: "a word beside a number", spec: "linear-learner",
            given: ["predictor_type": "binary_classifier", "positive_example_weight_mult": "heavy"],
            message: "hyperparameter positive_example_weight_mult is 'heavy': it must be a number above 0 "
                + "or balanced or auto"),
        MistakeCase(
            testDescription: "a share of one", spec: "linear-learner",
            given: ["predictor_type": "regressor", "quantile": "1"],
            message: "hyperparameter quantile is '1': it must be a number above 0 and below 1"),
        MistakeCase(
            testDescription: "an unknown metric in a list", spec: "kmeans",
            given: ["k": "3", "feature_dim": "2", "eval_metrics": "[\"msd\", \"rmse\"]"],
            message: "hyperparameter eval_metrics is '[\"msd\", \"rmse\"]': it must be a list of one or more "
                + "of msd, ssd"),
        MistakeCase(
            testDescription: "a fraction for a whole number", spec: "kmeans",
            given: ["k": "3.5", "feature_dim": "2"],
            message: "hyperparameter k is '3.5': it must be a whole number of at least 2"),
    ]
}

@Suite struct HyperparameterTests {
    @Test("a mistake is told in one sentence", arguments: MistakeCase.all)
    func mistakes(_ item: MistakeCase) throws {
        let spec = try AlgorithmSpec.builtIn(named: item.spec)
        let error = #expect(throws: LockstepError.self) { try spec.resolve(item.given) }
        #expect(error?.message == item.message)
        #expect(error?.code == .configuration)
    }

    @Test("values come as SageMaker clients send them")
    func forms() throws {
        let values = try AlgorithmSpec.kmeans.resolve([
            "k": "\"3\"", "feature_dim": " 784 ", "eval_metrics": "[\"ssd\", \"msd\"]",
            "extra_center_factor": "\"auto\"",
        ])
        #expect(values.integer("k") == 3)
        #expect(values.integer("feature_dim") == 784)
        #expect(values.text("eval_metrics") == "msd,ssd")
        #expect(values.isAuto("extra_center_factor"))
        let booleans = try AlgorithmSpec.linearLearner.resolve([
            "predictor_type": "regressor", "use_bias": "False", "normalize_data": "True",
        ])
        #expect(booleans.boolean("use_bias") == false && booleans.boolean("normalize_data") == true)
    }

    @Test("defaults are SageMaker's")
    func defaults() throws {
        let linear = try AlgorithmSpec.linearLearner.resolve(["predictor_type": "regressor"]).values
        let wanted = [
            "epochs": "15", "mini_batch_size": "1000", "loss": "auto", "optimizer": "auto",
            "learning_rate": "auto", "early_stopping_patience": "3", "early_stopping_tolerance": "0.001",
            "f_beta": "1.0", "huber_delta": "1.0", "quantile": "0.5", "margin": "1.0",
            "num_point_for_scaler": "10000", "target_recall": "0.8", "target_precision": "0.8",
            "accuracy_top_k": "3", "init_method": "uniform", "init_scale": "0.07", "normalize_data": "true",
        ]
        for (name, value) in wanted { #expect(linear[name] == value, "\(name)") }
        #expect(linear["num_classes"] == nil)
        let kmeans = try AlgorithmSpec.kmeans.resolve(["k": "2", "feature_dim": "1"]).values
        #expect(kmeans["mini_batch_size"] == "5000" && kmeans["init_method"] == "random")
        #expect(kmeans["local_lloyd_max_iter"] == "300" && kmeans["local_lloyd_tol"] == "0.0001")
    }

    @Test("every default is a value its own type accepts", arguments: AlgorithmSpec.builtIns.map(\.name))
    func consistency(_ name: String) throws {
        let spec = try AlgorithmSpec.builtIn(named: name)
        let required = ["predictor_type": "regressor", "k": "2", "feature_dim": "1"]
            .filter { item in spec.hyperparameters.contains { $0.name == item.key } }
        _ = try spec.resolve(required)
        #expect(Set(spec.hyperparameters.map(\.name)).count == spec.hyperparameters.count)
        #expect(spec.hyperparameters.allSatisfy { $0.summary.hasSuffix(".") })
        #expect(spec.metrics.allSatisfy { (try? Regex($0.pattern)) != nil })
    }

    @Test("the runtime's own hyperparameters are accepted beside them")
    func common() throws {
        let shards = HyperparameterSpec(
            "logical_shards", .integer(IntegerRange(from: 1)), default: "32", "Slices of the data.")
        let values = try AlgorithmSpec.kmeans.resolve(
            ["k": "2", "feature_dim": "1", "logical_shards": "8"], common: [shards])
        #expect(values.integer("logical_shards") == 8)
    }

    @Test("an unknown algorithm is told with its likely name")
    func unknownAlgorithm() {
        let error = #expect(throws: LockstepError.self) { try AlgorithmSpec.builtIn(named: "k-means") }
        #expect(error?.message == "there is no algorithm 'k-means'; did you mean kmeans?")
    }
}
