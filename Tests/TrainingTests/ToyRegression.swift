import AlgorithmSpecs
import Diagnostics
import RecordOrder
import Tensors
import Training

/// Least squares by mini-batch gradient descent: small, but it uses all of the contract.
struct ToyRegression: Algorithm {
    static let spec = AlgorithmSpec(
        name: "toy-regression", summary: "Least squares for tests.", labelCount: 1,
        hyperparameters: [
            HyperparameterSpec("epochs", .integer(IntegerRange(from: 1)), default: "3", "Passes."),
            HyperparameterSpec("mini_batch_size", .integer(IntegerRange(from: 1)), default: "20", "Batch."),
            HyperparameterSpec("fail_at_step", .integer(IntegerRange(from: 0)), "Throws there."),
            HyperparameterSpec(
                "fail_in_shard", .integer(IntegerRange(from: 0)), default: "0", "Throws there."),
            HyperparameterSpec("poison_at_step", .integer(IntegerRange(from: 0)), "Adds a NaN there."),
        ],
        channels: [
            ChannelRequirement("train", isRequired: true, summary: "Records."),
            ChannelRequirement("validation", isRequired: false, summary: "Records."),
        ],
        metrics: [])

    private let epochs: Int
    private let batchCount: Int
    private let failAt: Int?
    private let failIn: Int
    private let poisonAt: Int?
    private let data: DataDescription
    private var weights: [Float]
    private var step = 0
    private var loss = 0.0

    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        guard data.featureCount < 1000 else {
            throw LockstepError(.configuration, "toy-regression takes at most 999 columns")
        }
        self.data = data
        epochs = hyperparameters.integer("epochs") ?? 3
        batchCount = max(1, data.recordCount / (hyperparameters.integer("mini_batch_size") ?? 20))
        failAt = hyperparameters.integer("fail_at_step")
        failIn = hyperparameters.integer("fail_in_shard") ?? 0
        poisonAt = hyperparameters.integer("poison_at_step")
        let key = RandomKey(seed: data.seed)
        weights = (0..<data.featureCount).map { Float(key.child(.index($0)).unit) }
    }

    var state: NamedTensors {
        get {
            NamedTensors([
                ("weights", Tensor(weights, shape: [weights.count])),
                ("step", Tensor([Int64(step)], shape: [1])), ("loss", Tensor([loss], shape: [1])),
            ])
        }
        set {
            weights = newValue["weights"]?.floats ?? []
            step = Int(newValue["step"]?.int64s[0] ?? 0)
            loss = newValue["loss"]?.doubles[0] ?? 0
        }
    }

    var isFinished: Bool { step == epochs * batchCount }

    mutating func step(_ context: any StepContext) throws -> StepReport {
        let (epoch, batch) = (step / batchCount, step % batchCount)
        let (weights, batchCount, failAt, failIn, poisonAt, step) = (
            weights, batchCount, failAt, failIn, poisonAt, context.stepIndex
        )
        let noise = context.randomKey
        let sums = try context.sum(
            [SumShape("gradient", weights.count), SumShape("tally", 2)], over: .train
        ) { shard, parts in
            if step == failAt, shard.index >= failIn {
                throw LockstepError(.data, "shard \(shard.index) is not to its liking")
            }
            let records = shard.batch(epoch: epoch, batch: batch, of: batchCount)
            for row in 0..<records.count {
                let error = dot(records.features, row, weights) - records.labels[row]
                add(records.features, row, times: error, to: parts[0])
                parts[1][0] += error * error
                parts[1][1] += 1
            }
            if step == poisonAt, shard.index == 2 { parts[0][0] = .nan }
            parts[0][0] += Float(noise.child(.shard(shard.index)).unit) * 1e-3
        }
        for index in weights.indices {
            self.weights[index] -= 0.02 * sums[0][index] / max(sums[1][1], 1)
        }
        loss = Double(sums[1][0] / max(sums[1][1], 1))
        self.step += 1
        return StepReport(
            epoch: epoch, recordCount: Int(sums[1][1]), loss: loss,
            progress: Double(self.step) / Double(epochs * batchCount), endsEpoch: batch == batchCount - 1,
            metrics: batch == batchCount - 1
                ? [Metric(channel: "train", name: "objective_loss", tag: .loss, value: loss)] : [])
    }

    mutating func finish(_ context: any StepContext) throws -> [Metric] {
        guard data.validationCount != nil else { return [] }
        let weights = weights
        let sums = try context.sumWide([SumShape("errors", 1)], over: .validation) { shard, parts in
            for row in 0..<shard.records.count {
                let error = dot(shard.records.features, row, weights) - shard.records.labels[row]
                parts[0][0] += Double(error * error)
            }
        }
        return [Metric(channel: "validation", name: "objective_loss", tag: .loss, value: sums[0][0])]
    }

    func model() -> Model {
        Model(
            tensors: NamedTensors([("weights", Tensor(weights, shape: [weights.count]))]),
            description: ["kind": "toy"])
    }
}

private func dot(_ features: FeatureMatrix, _ row: Int, _ weights: [Float]) -> Float {
    switch features {
    case .dense(let matrix):
        (0..<matrix.columns).reduce(Float(0)) { $0 + matrix.values[row * matrix.columns + $1] * weights[$1] }
    case .sparse(let matrix):
        (matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1]).reduce(Float(0)) {
            $0 + matrix.values[$1] * weights[Int(matrix.columnIndices[$1])]
        }
    }
}

private func add(
    _ features: FeatureMatrix, _ row: Int, times factor: Float, to sum: UnsafeMutableBufferPointer<Float>
) {
    switch features {
    case .dense(let matrix):
        for column in 0..<matrix.columns {
            sum[column] += factor * matrix.values[row * matrix.columns + column]
        }
    case .sparse(let matrix):
        for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
            sum[Int(matrix.columnIndices[entry])] += factor * matrix.values[entry]
        }
    }
}
