import AlgorithmSpecs
import Diagnostics
import KMeans
import RecordOrder
import Tensors
import Testing
import Training

@Suite struct KMeansTests {
    /// Records around four far points, `offset` added to all.
    private func blobs(_ count: Int, offset: Float = 0) -> Records {
        let key = RandomKey(seed: 11)
        let points: [[Float]] = [[0, 0, 0], [40, 0, 0], [0, 40, 0], [0, 0, 40]]
        let values = (0..<count).flatMap { row in
            (0..<3).map { column in
                offset + points[row % 4][column]
                    + Float(key.child(.index(row)).child(.index(column)).unit)
            }
        }
        return Records(
            features: .dense(DenseMatrix(rows: count, columns: 3, values: values)), labels: [])
    }

    private func train(_ given: [String: String], _ records: Records) throws -> TestOutcome {
        try TestGang().train(
            KMeans.self,
            given.merging(["feature_dim": String(records.features.columns)]) { own, _ in own },
            TestChannels(train: records))
    }

    private func bruteForce(_ model: Model, _ records: Records) throws -> Double {
        let predictor = try KMeansPredictor(model: model)
        let predictions = try predictor.predict(records.features)
        return predictor.metrics(predictions, labels: records.labels).first { $0.name == "ssd" }?.value
            ?? .nan
    }

    @Test(
        "far groups are found",
        arguments: [
            ["training_mode": "full", "init_method": "kmeans++"], ["init_method": "kmeans++"],
            ["init_method": "random", "epochs": "3", "mini_batch_size": "100", "extra_center_factor": "5"],
        ], [Float(0), 1_000_000])
    func groups(_ given: [String: String], offset: Float) throws {
        let records = blobs(400, offset: offset)
        let outcome = try train(given.merging(["k": "4", "eval_metrics": "ssd"]) { own, _ in own }, records)
        // 3 coordinates of variance 1/12 each (a little more where floats near a million are coarse).
        #expect(outcome.value("train:ssd") / 400 < 0.3)
        let ssd = try bruteForce(outcome.model, records)
        #expect(abs(outcome.value("train:ssd") - ssd) < 0.02 * ssd)
        let predictor = try KMeansPredictor(model: outcome.model)
        let clusters = try predictor.predict(records.features).map { $0["closest_cluster"] }
        for row in 4..<400 { #expect(clusters[row] == clusters[row % 4]) }
    }

    @Test("a full pass is Lloyd's: centres are the means of their records at the end")
    func lloyd() throws {
        let records = TestRecords.dense(500, width: 4, classes: nil)
        let outcome = try train(
            ["k": "6", "training_mode": "full", "tolerance": "0"],
            Records(features: records.features, labels: []))
        let predictor = try KMeansPredictor(model: outcome.model)
        let matrix = try records.matrix
        let centres = try #require(outcome.model.tensors["centers"]?.floats)
        var sums = [Double](repeating: 0, count: 24)
        var counts = [Double](repeating: 0, count: 6)
        for (row, prediction) in try predictor.predict(records.features).enumerated() {
            let cluster = try prediction.number("closest_cluster")
            counts[Int(cluster)] += 1
            for column in 0..<4 { sums[Int(cluster) * 4 + column] += Double(matrix.values[row * 4 + column]) }
        }
        for index in 0..<24 where counts[index / 4] > 0 {
            #expect(abs(sums[index] / counts[index / 4] - Double(centres[index])) < 1e-4)
        }
        let losses = outcome.epochMetrics.map(\.value)
        for (before, after) in zip(losses, losses.dropFirst()) { #expect(after <= before * (1 + 1e-6)) }
    }

    @Test("as many centres as records, and records that are all the same")
    func extremes() throws {
        let few = blobs(4)
        let all = try train(["k": "4", "eval_metrics": "ssd", "training_mode": "full"], few)
        #expect(all.value("train:ssd") < 1e-6)
        let same = Records(
            features: .dense(DenseMatrix(rows: 30, columns: 3, values: [Float](repeating: 2, count: 90))),
            labels: [])
        for mode in ["full", "mini_batch"] {
            let outcome = try train(
                ["k": "3", "eval_metrics": "ssd", "training_mode": mode, "init_method": "kmeans++"], same)
            #expect(outcome.value("train:ssd") == 0)
        }
    }

    @Test("a mini-batch of all records moves each centre to the mean of its own")
    func wholeBatch() throws {
        let records = blobs(400)
        let outcome = try train(
            [
                "k": "4", "init_method": "kmeans++", "mini_batch_size": "400", "epochs": "1",
                "extra_center_factor": "1",
            ], records)
        let matrix = try records.matrix
        let centres = try #require(outcome.model.tensors["centers"]?.floats)
        for blob in 0..<4 {
            let means = (0..<3).map { column in
                stride(from: blob, to: 400, by: 4).reduce(0.0) {
                    $0 + Double(matrix.values[$1 * 3 + column]) / 100
                }
            }
            let distances = (0..<4).map { centre in
                (0..<3).map { abs(Double(centres[centre * 3 + $0]) - means[$0]) }.max() ?? .infinity
            }
            #expect((distances.min() ?? .infinity) < 1e-4, "\(blob): \(distances)")
        }
    }

    @Test("a short half-life lets centres follow the latest records")
    func halfLife() throws {
        let given = ["k": "2", "mini_batch_size": "20", "epochs": "4", "extra_center_factor": "1"]
        let plain = try train(given, blobs(200)).model
        let decayed = try train(given.merging(["half_life_time_size": "5"]) { own, _ in own }, blobs(200))
            .model
        #expect(plain.tensors.sha256 != decayed.tensors.sha256)
    }

    @Test("sparse records are clustered like the same records written out")
    func sparseAsDense() throws {
        var sparse = TestRecords.sparse(300, width: 6, classes: nil)
        sparse.labels = []
        let given = ["k": "5", "training_mode": "full", "init_method": "kmeans++", "eval_metrics": "ssd"]
        let one = try train(given, sparse).value("train:ssd")
        let other = try train(given, TestRecords.densified(sparse)).value("train:ssd")
        #expect(abs(one - other) < 0.02 * other)
    }

    @Test("more clusters than records are refused")
    func tooMany() {
        let error = #expect(throws: LockstepError.self) { try train(["k": "9"], blobs(8)) }
        #expect(error?.message == "hyperparameter k is '9': channel train has only 8 records")
    }

    @Test("the test channel has the last word, in the metrics asked for")
    func testChannel() throws {
        let outcome = try TestGang().train(
            KMeans.self,
            ["k": "4", "feature_dim": "3", "eval_metrics": "[\"msd\",\"ssd\"]", "init_method": "kmeans++"],
            TestChannels(train: blobs(200), test: blobs(40)))
        #expect(outcome.metrics.map(\.qualifiedName) == ["test:msd", "test:ssd"])
        #expect(abs(outcome.value("test:ssd") - 40 * outcome.value("test:msd")) < 1e-9)
    }
}
