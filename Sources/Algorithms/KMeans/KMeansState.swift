import Tensors

/// All that decides how a kmeans training goes on.
struct KMeansState: Sendable {
    /// [K, features], relative to `offset`.
    var centres: [Float]
    /// Records that each centre stands for, after decay.
    var weights: [Double]
    var offset: [Float]
    var counters = Counters()
    /// Sum of squared distances of this epoch, as each batch found them.
    var epochDistance = 0.0
    var epochRecords = 0.0
    /// Sum of squared movements at which full mode ends.
    var movementGoal = 0.0

    struct Counters: Sendable, Equatable {
        /// Whether the first step has chosen the first centres.
        var isPrepared = false
        var epoch = 0
        var batch = 0
        /// Whether full mode has ended.
        var hasConverged = false
    }

    /// The state as tensors; see docs/algorithms/kmeans.md.
    var tensors: NamedTensors {
        let counts = [
            counters.isPrepared ? 1 : 0, counters.epoch, counters.batch, counters.hasConverged ? 1 : 0,
        ]
        return NamedTensors([
            ("centers", Tensor(centres, shape: [weights.count, offset.count])),
            ("center.weight", Tensor(weights, shape: [weights.count])),
            ("feature.offset", Tensor(offset, shape: [offset.count])),
            ("counters", Tensor(counts.map { Int64($0) }, shape: [counts.count])),
            ("measures", Tensor([epochDistance, epochRecords, movementGoal], shape: [3])),
        ])
    }

    /// Takes back what `tensors` gave, in a training with the same hyperparameters and data.
    mutating func restore(_ tensors: NamedTensors) {
        let restored = tensors.floats("centers")
        precondition(restored.count == centres.count, "the state is not of this training")
        centres = restored
        weights = tensors.doubles("center.weight")
        offset = tensors.floats("feature.offset")
        let counts = tensors.int64s("counters").map { Int($0) }
        counters = Counters(
            isPrepared: counts[0] == 1, epoch: counts[1], batch: counts[2], hasConverged: counts[3] == 1)
        let values = tensors.doubles("measures")
        (epochDistance, epochRecords, movementGoal) = (values[0], values[1], values[2])
    }
}
