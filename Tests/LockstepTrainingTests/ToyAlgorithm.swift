import LockstepTraining

/// Least squares by gradient descent, written as a user would: with nothing but `import LockstepTraining`.
/// Uses all that a step context offers: both sums, collecting, random keys and mini-batches.
struct ToyAlgorithm: Algorithm {
    static let spec = AlgorithmSpec(
        name: "toy", summary: "Fits a line to labels.", labelCount: 1,
        hyperparameters: [
            HyperparameterSpec(
                "epochs", .integer(IntegerRange(from: 1)), default: "3", "Passes over the data."),
            HyperparameterSpec(
                "rate", .real(RealRange(from: 0, includesLower: false)), isRequired: true, "Step size."),
        ],
        channels: [ChannelRequirement("train", isRequired: true, summary: "Records with labels.")],
        metrics: [.perEpoch("train", "loss", "loss", .minimize), .progress])
    static var predictor: (any Predictor.Type)? { ToyPredictor.self }

    private let plan: BatchPlan
    private let epochs: Int
    private let rate: Double
    private var weights: [Float]
    private var batches = 0
    private var largest: Float = 0

    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        try FeatureWidth.check(hyperparameters, data: data)
        epochs = try hyperparameters.integer(required: "epochs")
        rate = try hyperparameters.real(required: "rate")
        plan = BatchPlan(recordCount: data.recordCount, shardCount: data.logicalShardCount, batchSize: 40)
        let key = RandomKey(seed: data.seed).child(.purpose(1))
        weights = (0..<data.featureCount).map { Float(key.child(.index($0)).unit - 0.5) }
    }

    var state: NamedTensors {
        get {
            NamedTensors([
                ("weights", Tensor(weights, shape: [weights.count])),
                ("batches", Tensor([Int64(batches)], shape: [1])),
                ("largest", Tensor([largest], shape: [1])),
            ])
        }
        set {
            weights = newValue.floats("weights")
            batches = Int(newValue.int64s("batches")[0])
            largest = newValue.floats("largest")[0]
        }
    }

    var isFinished: Bool { batches == epochs * plan.batchCount }

    mutating func step(_ context: any StepContext) throws -> StepReport {
        if batches == 0 { largest = try largestLabel(context) }
        let (weights, count) = (weights, plan.batchCount)
        let (epoch, batch) = (batches / count, batches % count)
        let noise = Float(context.randomKey.unit) * 1e-3
        let gradient = try context.sum([SumShape("gradient", weights.count)], over: .train) { shard, out in
            let records = shard.batch(epoch: epoch, batch: batch, of: count)
            let rows = records.features.densified
            for row in 0..<rows.rows {
                let error = Self.score(rows, row, weights) - records.labels[row]
                for column in weights.indices { out[0][column] += error * rows[row, column] + noise }
            }
        }[0]
        let records = plan.records(inBatch: batch)
        for column in weights.indices {
            self.weights[column] -= Float(rate) * gradient[column] / Float(max(1, records))
        }
        batches += 1
        var report = StepReport(
            epoch: epoch, recordCount: records, progress: Double(batches) / Double(epochs * count))
        if batches % count == 0 {
            report.endsEpoch = true
            let loss = try loss(context)
            report.metrics = [Metric(channel: "train", name: "loss", tag: .loss, value: loss)]
        }
        return report
    }

    private func loss(_ context: any StepContext) throws -> Double {
        let weights = weights
        let sums = try context.sumWide([SumShape("errors", 1), SumShape("records", 1)], over: .train) {
            shard, out in
            let rows = shard.records.features.densified
            for row in 0..<rows.rows {
                let error = Double(Self.score(rows, row, weights) - shard.records.labels[row])
                out[0][0] += error * error
            }
            out[1][0] = Double(rows.rows)
        }
        return sums[0][0] / sums[1][0]
    }

    private func largestLabel(_ context: any StepContext) throws -> Float {
        let parts = try context.collect(over: .train) { shard in
            let most = shard.records.labels.max() ?? -.infinity
            return withUnsafeBytes(of: most.bitPattern) { [UInt8]($0) }
        }
        return parts.map { part in
            part.withUnsafeBytes { Float(bitPattern: $0.loadUnaligned(as: UInt32.self)) }
        }.max() ?? 0
    }

    static func score(_ rows: DenseMatrix, _ row: Int, _ weights: [Float]) -> Float {
        weights.indices.reduce(Float(0)) { $0 + weights[$1] * rows[row, $1] }
    }

    func model() -> Model {
        Model(
            tensors: NamedTensors([("weights", Tensor(weights, shape: [weights.count]))]),
            description: ["largest_label": "\(largest)"])
    }
}

struct ToyPredictor: Predictor {
    private let weights: [Float]
    var featureCount: Int { weights.count }

    init(model: Model) throws {
        guard let tensor = model.tensors["weights"], tensor.elementType == .float32 else {
            throw LockstepError(.data, "the model has no F32 tensor weights")
        }
        weights = tensor.floats
    }

    func predict(_ features: FeatureMatrix) throws -> [Prediction] {
        try PredictorInput.check(features, width: featureCount)
        let rows = features.densified
        return (0..<rows.rows).map {
            Prediction([("score", .number(Double(ToyAlgorithm.score(rows, $0, weights))))])
        }
    }
}
