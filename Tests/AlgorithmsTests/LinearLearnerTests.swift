import AlgorithmSpecs
import Diagnostics
import LinearLearner
import Tensors
import Testing
import Training

@Suite struct LinearLearnerTests {
    private func regression(_ given: [String: String], _ records: Records) throws -> TestOutcome {
        try TestGang().train(
            LinearLearner.self,
            given.merging(["predictor_type": "regressor", "mini_batch_size": "50"]) { own, _ in own },
            TestChannels(train: records))
    }

    @Test(
        "every optimizer finds the same minimum",
        arguments: [
            ["optimizer": "adam"], ["optimizer": "rmsprop", "learning_rate": "0.05"],
            ["optimizer": "sgd"], ["optimizer": "sgd", "momentum": "0", "learning_rate": "0.1"],
        ])
    func optimizers(_ given: [String: String]) throws {
        // Noise 2 · uniform has standard deviation 2 / √12.
        let records = TestRecords.dense(2000, width: 6, classes: nil)
        let outcome = try regression(
            given.merging(["epochs": "40", "early_stopping_patience": "99"]) { own, _ in own },
            records)
        #expect(abs(outcome.value("train:rmse") - 2 / 12.0.squareRoot()) < 0.01)
        let weights = outcome.model.tensors["weight"]?.doubles ?? []
        for (weight, wanted) in zip(weights, [1, -0.5, 1, -0.5, 1, -0.5]) {
            #expect(abs(weight - wanted) < 0.03)
        }
    }

    private func regression(
        _ given: [String: String], _ records: Records, validation: Records
    ) throws -> TestOutcome {
        try TestGang().train(
            LinearLearner.self,
            given.merging(["predictor_type": "regressor", "mini_batch_size": "50"]) { own, _ in own },
            TestChannels(train: records, validation: validation))
    }

    @Test("the best of several models is the job's, and more of them are never worse")
    func severalModels() throws {
        let records = TestRecords.dense(400, width: 6, classes: nil)
        let validation = TestRecords.dense(200, width: 6, classes: nil, seed: 5)
        // Too small a step for so few epochs: a model with a larger one is ahead.
        let given = ["learning_rate": "0.005", "epochs": "4"]
        func loss(_ models: String) throws -> Double {
            try regression(
                given.merging(["num_models": models]) { $1 }, records, validation: validation
            ).value("validation:objective_loss:final")
        }
        let one = try loss("1")
        #expect(try loss("auto") == one)
        #expect(try loss("8") < 0.9 * one)
        // More models leave the first ones what they are, so more are never worse.
        #expect(try loss("32") <= loss("8"))
    }

    @Test("a model that diverges drops out, and when all do the training says so")
    func divergence() throws {
        let records = TestRecords.dense(400, width: 6, classes: nil)
        func train(_ rate: String, momentum: String) throws -> TestOutcome {
            try regression(
                [
                    "optimizer": "sgd", "momentum": momentum, "learning_rate": rate, "num_models": "9",
                    "use_lr_scheduler": "false", "epochs": "60", "early_stopping_patience": "99",
                ], records)
        }
        // Steps of 2 over the largest curvature and more diverge; a quarter of that does not.
        let outcome = try train("0.45", momentum: "0")
        // Steps that never get smaller leave some noise.
        #expect(abs(outcome.value("train:rmse") - 2 / 12.0.squareRoot()) < 0.1)
        let error = #expect(throws: LockstepError.self) { try train("1000", momentum: "0") }
        #expect(error?.code == .numerics && error?.description.contains("all 9 models") == true)
    }

    @Test("an L1 penalty sets weights to exactly 0", arguments: ["adam", "sgd", "rmsprop"])
    func sparsity(_ optimizer: String) throws {
        let records = TestRecords.dense(500, width: 6, classes: nil)
        let outcome = try regression(["optimizer": optimizer, "l1": "0.5", "epochs": "30"], records)
        let weights = outcome.model.tensors["weight"]?.doubles ?? []
        #expect(weights.contains { $0 == 0 } && weights.contains { $0 != 0 })
        let all = try regression(["optimizer": optimizer, "l1": "100", "epochs": "60"], records)
        #expect(all.model.tensors["weight"]?.doubles.allSatisfy { $0 == 0 } == true)
    }

    @Test(
        "sparse records give the model of the same records written out",
        arguments: [["normalize_data": "true"], ["normalize_data": "false"], ["unbias_data": "false"]])
    func sparseAsDense(_ given: [String: String]) throws {
        let sparse = TestRecords.sparse(300, width: 6, classes: nil)
        let one = try regression(given, sparse).model.tensors["weight"]?.doubles ?? []
        let other =
            try regression(given, TestRecords.densified(sparse)).model.tensors["weight"]?.doubles ?? []
        #expect(one.count == 6)
        // The shift is applied before the products or after: rounding differs, the model does not.
        for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-3) }
    }

    @Test("a feature that never changes gets no weight, and a large common shift costs nothing")
    func constants() throws {
        var records = TestRecords.dense(400, width: 3, classes: nil)
        var matrix = try records.matrix
        let plain = try regression([:], records)
        for row in 0..<400 {
            matrix.values[row * 3 + 1] = 0.1
            matrix.values[row * 3 + 2] += 4096
        }
        records.features = .dense(matrix)
        let shifted = try regression([:], records)
        #expect(shifted.model.tensors["weight"]?.doubles[1] == 0)
        let wanted = plain.model.tensors["weight"]?.doubles[2] ?? 0
        #expect(abs((shifted.model.tensors["weight"]?.doubles[2] ?? 0) - wanted) < 0.05)
    }

    @Test("robust losses ignore what squares follow")
    func robust() throws {
        var records = TestRecords.dense(1000, width: 3, classes: nil)
        for row in stride(from: 0, to: 1000, by: 20) { records.labels[row] = 1000 }
        let weights = { (outcome: TestOutcome) in outcome.model.tensors["weight"]?.doubles[0] ?? 0 }
        for loss in ["absolute_loss", "huber_loss", "eps_insensitive_absolute_loss", "quantile_loss"] {
            let outcome = try regression(
                ["loss": loss, "epochs": "60", "early_stopping_patience": "99"], records)
            #expect(abs(weights(outcome) - 1) < 0.25, "\(loss)")
        }
    }

    @Test("a quantile loss leaves that share of the labels below")
    func quantile() throws {
        let records = TestRecords.dense(2000, width: 3, classes: nil)
        let outcome = try regression(["loss": "quantile_loss", "quantile": "0.9", "epochs": "60"], records)
        let predictor = try LinearPredictor(model: outcome.model)
        let below = try zip(predictor.predict(records.features), records.labels).count { item, label in
            Double(label) <= (try item.number("score"))
        }
        #expect(abs(Double(below) / 2000 - 0.9) < 0.03)
    }

    @Test("training ends early when the validation loss stands still, with the best epoch's weights")
    func earlyStopping() throws {
        let channels = TestChannels(
            train: TestRecords.dense(200, width: 4, classes: nil),
            validation: TestRecords.dense(50, width: 4, classes: nil, seed: 9))
        let outcome = try TestGang().train(
            LinearLearner.self,
            [
                "predictor_type": "regressor", "epochs": "500", "mini_batch_size": "50",
                "learning_rate": "0.3", "use_lr_scheduler": "false",
            ], channels)
        #expect(outcome.steps < 400)
        let losses = outcome.epochMetrics.filter { $0.qualifiedName == "validation:objective_loss" }
        #expect(losses.map(\.value).min() == outcome.value("validation:objective_loss:final"))
    }

    @Test("balanced weights find more of a rare class")
    func balance() throws {
        var records = TestRecords.dense(2000, width: 3, classes: nil)
        // One in six or so, with noise.
        records.labels = records.labels.map { $0 > 6 ? 1 : 0 }
        let given = [
            "predictor_type": "binary_classifier", "mini_batch_size": "100",
            "binary_classifier_model_selection_criteria": "loss_function",
        ]
        let channels = TestChannels(train: records)
        let plain = try TestGang().train(LinearLearner.self, given, channels)
        let balanced = try TestGang().train(
            LinearLearner.self,
            given.merging(["positive_example_weight_mult": "balanced"]) { own, _ in own }, channels)
        #expect(balanced.value("train:recall") > plain.value("train:recall"))
    }

    @Test("multiclass metrics agree with each other")
    func multiclass() throws {
        let outcome = try TestGang().train(
            LinearLearner.self,
            [
                "predictor_type": "multiclass_classifier", "num_classes": "4", "accuracy_top_k": "4",
                "mini_batch_size": "50", "balance_multiclass_weights": "true",
            ], TestChannels(train: TestRecords.dense(400, width: 5, classes: 4)))
        #expect(outcome.value("train:multiclass_top_k_accuracy") == 1)
        let accuracy = outcome.value("train:multiclass_accuracy")
        #expect(accuracy > 0.25 && accuracy <= outcome.value("train:dcg"))
        let logged = outcome.metrics.map(\.loggedName)
        #expect(logged.contains("multiclass_top_k_accuracy_4") && logged.contains("macro_f_1.000"))
        #expect(logged.contains("multiclass_cross_entropy_objective"))
    }
}

struct BadLabelCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var given: [String: String]
    var label: Float
    var message: String

    static let all: [BadLabelCase] = [
        BadLabelCase(
            testDescription: "binary", given: ["predictor_type": "binary_classifier"], label: -1,
            message: "label -1 of record 12 of channel train is outside the classes: with predictor_type "
                + "binary_classifier labels are whole numbers from 0 to 1"),
        BadLabelCase(
            testDescription: "multiclass",
            given: ["predictor_type": "multiclass_classifier", "num_classes": "3"], label: 3,
            message: "label 3 of record 12 of channel train is outside the classes: with predictor_type "
                + "multiclass_classifier labels are whole numbers from 0 to 2"),
        BadLabelCase(
            testDescription: "a fraction", given: ["predictor_type": "binary_classifier"], label: 0.5,
            message: "label 0.5 of record 12 of channel train is outside the classes: with predictor_type "
                + "binary_classifier labels are whole numbers from 0 to 1"),
        BadLabelCase(
            testDescription: "infinite", given: ["predictor_type": "regressor"], label: .infinity,
            message: "label inf of record 12 of channel train is not a finite number"),
    ]
}

@Suite struct LinearLearnerMistakeTests {
    private func failure(_ given: [String: String], _ channels: TestChannels, ranks: Int = 2)
        -> LockstepError?
    {
        #expect(throws: LockstepError.self) {
            try TestGang(ranks: ranks).train(LinearLearner.self, given, channels)
        }
    }

    @Test("a bad label is told with its record", arguments: BadLabelCase.all)
    func labels(_ item: BadLabelCase) {
        var records = TestRecords.dense(40, width: 3, classes: 2)
        records.labels[11] = item.label
        let error = failure(item.given, TestChannels(train: records))
        #expect(error?.code == .data)
        #expect(error?.message == item.message)
    }

    @Test("a bad label of a validation record is found before the first update")
    func validationLabel() {
        var validation = TestRecords.dense(10, width: 3, classes: 2)
        validation.labels[3] = 7
        let channels = TestChannels(
            train: TestRecords.dense(40, width: 3, classes: 2), validation: validation)
        let error = failure(["predictor_type": "binary_classifier"], channels)
        #expect(error?.message.hasPrefix("label 7 of record 4 of channel validation") == true)
    }

    @Test("records without labels are refused")
    func missingLabels() {
        var records = TestRecords.dense(40, width: 3, classes: nil)
        records.labels = []
        let error = failure(["predictor_type": "regressor"], TestChannels(train: records))
        #expect(error?.message.hasPrefix("channel train has no labels") == true)
    }

    @Test("a wrong feature_dim is refused")
    func width() {
        let error = failure(
            ["predictor_type": "regressor", "feature_dim": "5"],
            TestChannels(train: TestRecords.dense(40, width: 3, classes: nil)), ranks: 1)
        #expect(
            error?.message
                == "hyperparameter feature_dim is '5': the records of channel train have 3 features")
        #expect(error?.code == .configuration)
    }

    @Test("divergence names tensor and step")
    func divergence() {
        let error = failure(
            [
                "predictor_type": "regressor", "optimizer": "sgd", "learning_rate": "1e6", "epochs": "50",
                "mini_batch_size": "10", "early_stopping_patience": "1000",
            ], TestChannels(train: TestRecords.dense(40, width: 3, classes: nil)))
        #expect(error?.code == .numerics)
        #expect(error?.message.contains("gradient of") == true || error?.message.contains("loss") == true)
        #expect(error?.message.contains("step") == true)
    }
}
