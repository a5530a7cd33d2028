import LockstepTraining

/// Principal components by orthogonal iteration: a step multiplies the axes by the covariance
/// matrix of the records and makes them orthonormal again.
struct PCA: Algorithm {
    static let spec = AlgorithmSpec(
        name: "pca", summary: "Finds the directions in which records vary most.", labelCount: 0,
        hyperparameters: [
            HyperparameterSpec("num_components", .integer(IntegerRange(from: 1)), default: "8", "How many."),
            HyperparameterSpec("passes", .integer(IntegerRange(from: 1)), default: "60", "Over the data."),
        ],
        channels: [ChannelRequirement("train", isRequired: true, summary: "Records.")],
        metrics: [.perEpoch("train", "explained", "explained", .maximize)])

    let records, passes: Int
    var pass = 0
    var mean: [Double]  // [features]
    var axes: [[Double]]  // [axes, features]

    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        passes = try hyperparameters.integer(required: "passes")
        (records, mean) = (data.recordCount, Array(repeating: 0, count: data.featureCount))
        let key = RandomKey(seed: data.seed)
        axes = (0..<(try hyperparameters.integer(required: "num_components"))).map { i in
            (0..<data.featureCount).map { j in key.child(.index(i)).child(.index(j)).unit - 0.5 }
        }
        _ = orthonormalise(&axes)
    }

    var state: NamedTensors {
        get {
            NamedTensors([
                ("mean", Tensor(mean)), ("axes", Tensor(rows: axes)), ("pass", Tensor([Int64(pass)])),
            ])
        }
        set {
            (mean, axes) = (newValue.doubles("mean"), newValue.doubleRows("axes"))
            pass = Int(newValue.int64s("pass")[0])
        }
    }

    var isFinished: Bool { pass == passes }
    func model() -> Model { Model(tensors: state, description: [:]) }

    mutating func step(_ context: any StepContext) throws -> StepReport {
        let (axes, width, n) = (axes, mean.count, Double(records))
        let names = ["sum", "squares"] + axes.indices.map { "product \($0)" }
        let sums = try context.sumWide(names.map { SumShape($0, width) }, over: .train) { shard, partial in
            let rows = shard.records.features.densified
            for row in 0..<rows.rows {
                let x = (0..<width).map { Double(rows[row, $0]) }
                let scores = axes.map { dot(x, $0) }
                for j in 0..<width {
                    partial[0][j] += x[j]
                    partial[1][j] += x[j] * x[j]
                    for i in scores.indices { partial[2 + i][j] += scores[i] * x[j] }
                }
            }
        }
        mean = sums[0].map { $0 / n }
        self.axes = zip(axes, sums[2...]).map { minus($1, n * dot(mean, $0), mean) }
        let explained = orthonormalise(&self.axes) / (sums[1].reduce(0, +) - n * dot(mean, mean))
        pass += 1
        return StepReport(
            epoch: pass - 1, recordCount: records, progress: Double(pass) / Double(passes), endsEpoch: true,
            metrics: [Metric(channel: "train", name: "explained", tag: .score, value: explained)])
    }
}

func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
func minus(_ a: [Double], _ f: Double, _ b: [Double]) -> [Double] { zip(a, b).map { $0 - f * $1 } }

/// Gram and Schmidt; returns the sum of the lengths that the rows had.
func orthonormalise(_ rows: inout [[Double]]) -> Double {
    rows.indices.reduce(0) { sum, i in
        for k in 0..<i { rows[i] = minus(rows[i], dot(rows[i], rows[k]), rows[k]) }
        let length = dot(rows[i], rows[i]).squareRoot()
        rows[i] = rows[i].map { length > 0 ? $0 / length : 0 }
        return sum + length
    }
}

TrainingProgram.run(PCA.self)
