import AlgorithmCatalog
import Diagnostics
import GangRuntime
import LinearAlgebra
import RecordOrder
import Tensors
import Testing
import Training

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct PredictionTests {
    private let features = FeatureMatrix.dense(DenseMatrix(rows: 2, columns: 2, values: [1, 2, -3, 0.5]))

    private func model(_ description: [String: String], _ tensors: [(String, Tensor)]) -> Model {
        Model(tensors: NamedTensors(tensors), description: description)
    }

    @Test("answers have SageMaker's form")
    func forms() throws {
        let binary = model(
            ["algorithm": "linear-learner", "predictor_type": "binary_classifier", "score": "margin"],
            [
                ("weight", Tensor([1.0, 0.5], shape: [1, 2])), ("bias", Tensor([0.5], shape: [1])),
                ("threshold", Tensor([0.0], shape: [1])),
            ])
        let answers = try AlgorithmCatalog.builtIns.predictor(for: binary).predict(features)
        #expect(answers.map(PredictionFormat.csv.text) == ["2.5,1", "-2.25,0"])
        #expect(PredictionFormat.json.text(answers[0]) == #"{"score":2.5,"predicted_label":1}"#)
        let multiclass = model(
            ["algorithm": "linear-learner", "predictor_type": "multiclass_classifier"],
            [
                ("weight", Tensor([Double](repeating: 0, count: 6), shape: [3, 2])),
                ("bias", Tensor([0, 0, 0.0], shape: [3])),
            ])
        let even = try AlgorithmCatalog.builtIns.predictor(for: multiclass).predict(features)[0]
        let third = 1.0 / 3
        #expect(
            PredictionFormat.jsonlines.text(even)
                == "{\"score\":[\(third),\(third),\(third)],\"predicted_label\":0}")
        let kmeans = model(
            ["algorithm": "kmeans"], [("centers", Tensor([Float]([9, 9, 1, 5]), shape: [2, 2]))])
        let nearest = try AlgorithmCatalog.builtIns.predictor(for: kmeans).predict(features)[0]
        #expect(PredictionFormat.csv.text(nearest) == "1.0,3.0")
        #expect(
            PredictionFormat.json.text(nearest) == #"{"closest_cluster":1.0,"distance_to_cluster":3.0}"#)
    }

    @Test("a model that lacks a tensor, or of another width, is refused")
    func mistakes() throws {
        let empty = model(["algorithm": "kmeans"], [])
        let lacking = #expect(throws: LockstepError.self) {
            try AlgorithmCatalog.builtIns.predictor(for: empty)
        }
        #expect(lacking?.message == "the model needs an F32 tensor centers [k, features]")
        let wide = model(
            ["algorithm": "kmeans"], [("centers", Tensor([Float]([1, 2, 3]), shape: [1, 3]))])
        let width = #expect(throws: LockstepError.self) {
            try AlgorithmCatalog.builtIns.predictor(for: wide).predict(features)
        }
        #expect(width?.message == "the records have 2 features, the model was trained on 3")
        let unknown = #expect(throws: LockstepError.self) {
            try AlgorithmCatalog.builtIns.predictor(for: model(["algorithm": "xgboost"], []))
        }
        let message = try #require(unknown?.message)
        #expect(message.hasPrefix("the model was made by algorithm xgboost, and "))
        #expect(message.contains(" has kmeans, linear-learner: run the program that trained it"))
    }

    @Test("a model that can answer nothing, or only nonsense, is refused")
    func worthless() throws {
        func linear(_ type: String, _ weights: [Double], _ shape: [Int], bias: [Double]) -> Model {
            model(
                ["algorithm": "linear-learner", "predictor_type": type],
                [("weight", Tensor(weights, shape: shape)), ("bias", Tensor(bias, shape: [bias.count]))])
        }
        let cases: [(Model, String)] = [
            (
                linear("multiclass_classifier", [], [0, 2], bias: []),
                "the model's tensor weight is [0, 2], and a multiclass_classifier has 2 or more outputs"
            ),
            (linear("regressor", [], [0, 2], bias: []), "and a regressor has 1 output"),
            (linear("regressor", [], [1, 0], bias: [1]), "1 or more features"),
            (
                linear("regressor", [1, .nan], [1, 2], bias: [1]),
                "the model's tensor weight is nan at place 2 of 2, no finite number"
            ),
            (linear("regressor", [1, 2], [1, 2], bias: [.infinity]), "tensor bias is inf at place 1 of 1"),
            (
                model(["algorithm": "kmeans"], [("centers", Tensor([Float](), shape: [3, 0]))]),
                "the model needs an F32 tensor centers"
            ),
            (
                model(["algorithm": "kmeans"], [("centers", Tensor([Float.nan], shape: [1, 1]))]),
                "tensor centers is nan"
            ),
        ]
        for (model, words) in cases {
            let error = #expect(throws: LockstepError.self) {
                try AlgorithmCatalog.builtIns.predictor(for: model)
            }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        #expect(Prediction([("score", .number(.nan))]).isFinite == false)
        #expect(Prediction([("score", .numbers([1, 2])), ("label", .index(3))]).isFinite)
    }

    @Test("the exponential is within 2 units in the last place")
    func exponential() {
        for value in stride(from: Float(-86.9), through: 87.9, by: 0.0137) {
            let wanted = exp(Double(value))
            let found = Double(Exponential.exponential(value))
            #expect(abs(found - wanted) <= 2.5 * Double(Float(wanted).ulp), "at \(value)")
        }
        #expect(Exponential.exponential(.nan).isNaN)
        #expect(Exponential.exponential(0) == 1)
        #expect(Exponential.exponential(-1000) < 1e-37)
    }
}

@Suite struct BatchPlanTests {
    @Test(
        "an epoch uses every record once, in batches of nearly equal size", arguments: [11, 100, 257],
        [3, 16, 40])
    func coverage(records: Int, shards: Int) {
        for batchSize in [1, 7, 50, 1000] {
            let plan = BatchPlan(recordCount: records, shardCount: shards, batchSize: batchSize)
            #expect(plan.batchCount == (records + batchSize - 1) / batchSize)
            var seen = [Int](repeating: 0, count: records)
            for batch in 0..<plan.batchCount {
                var count = 0
                for shard in 0..<shards {
                    let range = shard * records / shards..<(shard + 1) * records / shards
                    let matrix = DenseMatrix(rows: range.count, columns: 0, values: [])
                    let own = LogicalShard(
                        index: shard, count: shards, firstRecord: range.lowerBound,
                        records: Records(features: .dense(matrix), labels: []), seed: 5)
                    for row in own.batchRows(epoch: 2, batch: batch, of: plan.batchCount) {
                        seen[range.lowerBound + row] += 1
                        count += 1
                    }
                }
                #expect(count == plan.records(inBatch: batch))
                #expect(abs(count - records / plan.batchCount) <= shards)
            }
            #expect(seen.allSatisfy { $0 == 1 })
        }
    }
}
