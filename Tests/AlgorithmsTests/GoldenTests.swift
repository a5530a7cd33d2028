import KMeans
import LinearLearner
import Tensors
import Testing
import Training

/// Against scikit-learn's solutions of the same objectives on public data. Serial, because each case
/// takes both processors and hundreds of megabytes.
@Suite(
    .serialized,
    .enabled(if: ReferenceData.isThere, "set LOCKSTEP_DATA to the folder with the public data sets"))
struct GoldenTests {
    /// Mini-batch descent does not reach the optimum itself; 1 % is what a user may not notice.
    private let tolerance = 1.01
    private let gang = TestGang(threads: 2, shards: 32)

    private func expectSame(_ records: Records, _ golden: Golden.Fingerprint) {
        guard case .dense(let matrix) = records.features else {
            Issue.record("the records are not dense")
            return
        }
        #expect(matrix.rows == golden.rows && matrix.columns == golden.columns)
        let sum = matrix.values.reduce(0.0) { $0 + Double($1) }
        #expect(abs(sum - golden.featureSum) <= 1e-9 * abs(golden.featureSum))
        let labels = records.labels.reduce(0.0) { $0 + Double($1) }
        #expect(abs(labels - golden.labelSum) <= 1e-9 * abs(golden.labelSum))
    }

    @Test("California housing comes within 1 % of least squares, with defaults")
    func california() throws {
        let golden = try Golden.read("california")
        let data = try ReferenceData.california()
        expectSame(data.train, golden.train)
        expectSame(data.test, golden.test)
        let outcome = try gang.train(
            LinearLearner.self, ["predictor_type": "regressor"],
            TestChannels(train: data.train, test: data.test))
        let rmse = outcome.value("test:rmse")
        #expect(rmse <= tolerance * (try Golden.need(golden.testRMSE, "testRMSE")))
        #expect(outcome.value("train:rmse") <= tolerance * (try Golden.need(golden.trainRMSE, "trainRMSE")))
        let predictor = try LinearPredictor(model: outcome.model)
        let predictions = try predictor.predict(data.test.features)
        let predicted = predictor.metrics(predictions, labels: data.test.labels)
        #expect(abs((predicted.first?.value ?? 0) - rmse) <= 1e-4 * rmse, "the model alone scores the same")
    }

    @Test("California housing comes within 1 % of ridge regression with the same penalty")
    func californiaRidge() throws {
        let golden = try Golden.read("california")
        let data = try ReferenceData.california()
        let outcome = try gang.train(
            LinearLearner.self,
            ["predictor_type": "regressor", "wd": String(try Golden.need(golden.ridge, "ridge"))],
            TestChannels(train: data.train, test: data.test))
        let wanted = try Golden.need(golden.ridgeTestRMSE, "ridgeTestRMSE")
        #expect(abs(outcome.value("test:rmse") / wanted - 1) <= 0.01)
        let plain = try Golden.need(golden.testRMSE, "testRMSE")
        #expect(outcome.value("test:rmse") > 1.015 * plain, "the penalty shows")
    }

    @Test("Adult comes within 1 % of logistic regression, with defaults")
    func adult() throws {
        let golden = try Golden.read("adult")
        let data = try ReferenceData.adult()
        expectSame(data.train, golden.train)
        expectSame(data.test, golden.test)
        let outcome = try gang.train(
            LinearLearner.self, ["predictor_type": "binary_classifier"],
            TestChannels(train: data.train, test: data.test))
        let loss = outcome.value("test:objective_loss")
        #expect(loss <= tolerance * (try Golden.need(golden.testLogLoss, "testLogLoss")))
        let trainLoss = outcome.value("train:objective_loss:final")
        #expect(trainLoss <= tolerance * (try Golden.need(golden.trainLogLoss, "trainLogLoss")))
        #expect(outcome.value("test:roc_auc_score") >= (try Golden.need(golden.testAUC, "testAUC")) - 0.002)
    }

    @Test("Adult comes within 1 % of logistic regression with the same penalty")
    func adultRidge() throws {
        let golden = try Golden.read("adult")
        let data = try ReferenceData.adult()
        let outcome = try gang.train(
            LinearLearner.self,
            ["predictor_type": "binary_classifier", "wd": String(try Golden.need(golden.ridge, "ridge"))],
            TestChannels(train: data.train, test: data.test))
        let wanted = try Golden.need(golden.ridgeTestLogLoss, "ridgeTestLogLoss")
        #expect(abs(outcome.value("test:objective_loss") / wanted - 1) <= 0.01)
    }

    @Test(
        "Fashion-MNIST: softmax reaches 84 % with defaults, k-means the inertia of scikit-learn"
    )
    func fashion() throws {
        let golden = try Golden.read("fashion")
        let data = try ReferenceData.fashion()
        expectSame(data.train, golden.train)
        expectSame(data.test, golden.test)
        let classifier = try gang.train(
            LinearLearner.self,
            ["predictor_type": "multiclass_classifier", "num_classes": "10"],
            TestChannels(train: data.train, test: data.test))
        let least = try Golden.need(golden.leastTestAccuracy, "leastTestAccuracy")
        #expect(classifier.value("test:multiclass_accuracy") >= least)
        let clusters = try gang.train(
            KMeans.self,
            [
                "k": "10", "feature_dim": "784", "training_mode": "full", "init_method": "kmeans++",
                "eval_metrics": "[\"msd\",\"ssd\"]",
            ], TestChannels(train: Records(features: data.train.features, labels: [])))
        // Local optima differ by more than rounding does: 1 % is between them.
        let best = try Golden.need(golden.bestInertia, "bestInertia")
        #expect(clusters.value("train:ssd") <= tolerance * best)
    }
}
