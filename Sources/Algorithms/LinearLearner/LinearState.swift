import Tensors

/// All that decides how a linear-learner training goes on.
struct LinearState: Sendable {
    /// [models · outputs, features] and [models · outputs], in normalised units.
    var weights: [Float]
    var bias: [Float]
    /// Moments of the optimizer, shaped like weights and bias; empty where the optimizer has none.
    var weightFirst, weightSecond: [Float]
    var biasFirst, biasSecond: [Float]
    /// Weights and bias after the best epoch so far.
    var bestWeights: [Float]
    var bestBias: [Float]
    var scaler: Scaler
    var classWeights: [Float]
    var counters = Counters()
    var measures = Measures()
    /// One for each model.
    var candidates: [Candidate]

    struct Counters: Sendable, Equatable {
        /// Whether the first step has found scaler, class weights and step size.
        var isPrepared = false
        var epoch = 0
        /// Next mini-batch of the epoch.
        var batch = 0
        /// Updates made.
        var step = 0
    }

    /// What is known of one of the models.
    struct Candidate: Sendable, Equatable {
        /// Sum of its losses in this epoch.
        var epochLoss = 0.0
        /// After its best epoch so far.
        var bestLoss = 0.0
        var firstRate = 0.0
        /// Epochs since its last improvement.
        var epochsWaited = 0
        var hasBest = false
        /// Whether its numbers have left the range of a Float: it is trained no more.
        var isOut = false
    }

    struct Measures: Sendable, Equatable {
        /// Records of this epoch.
        var epochRecords = 0.0
        var beta1Power = 1.0
        var beta2Power = 1.0
        /// Threshold of a binary classifier.
        var threshold = 0.0
    }

}

extension LinearState {
    /// The state as tensors; see docs/algorithms/linear-learner.md.
    var tensors: NamedTensors {
        let width = scaler.shift.count
        let outputs = bias.count
        func matrix(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count / width, width]) }
        var all = NamedTensors([
            ("weight", matrix(weights)), ("bias", Tensor(bias, shape: [outputs])),
            ("best.weight", matrix(bestWeights)), ("best.bias", Tensor(bestBias, shape: [outputs])),
            ("weight.first", matrix(weightFirst)), ("weight.second", matrix(weightSecond)),
            ("bias.first", Tensor(biasFirst, shape: [outputs])),
            ("bias.second", Tensor(biasSecond, shape: [outputs])),
            ("feature.shift", Tensor(scaler.shift, shape: [width])),
            ("feature.factor", Tensor(scaler.factor, shape: [width])),
            ("label.scale", Tensor([scaler.labelShift, scaler.labelUnit], shape: [2])),
            ("class.weight", Tensor(classWeights, shape: [classWeights.count])),
        ])
        let first = candidates[0]
        let counts = [
            counters.isPrepared ? 1 : 0, counters.epoch, counters.batch, counters.step,
            first.epochsWaited, first.hasBest ? 1 : 0,
        ]
        all["counters"] = Tensor(counts.map { Int64($0) }, shape: [counts.count])
        let values = [
            first.epochLoss, measures.epochRecords, first.bestLoss, measures.beta1Power,
            measures.beta2Power, first.firstRate, measures.threshold,
        ]
        all["measures"] = Tensor(values, shape: [values.count])
        // One model alone has no more to tell than these.
        guard candidates.count > 1 else { return all }
        let numbers = candidates.flatMap { [$0.epochsWaited, $0.hasBest ? 1 : 0, $0.isOut ? 1 : 0] }
        all["model.counters"] = Tensor(numbers.map { Int64($0) }, shape: [candidates.count, 3])
        all["model.measures"] = Tensor(
            candidates.flatMap { [$0.epochLoss, $0.bestLoss, $0.firstRate] }, shape: [candidates.count, 3])
        return all
    }

    /// Takes back what `tensors` gave. The shapes must be those of this training: the runtime restores
    /// a state into an algorithm with the hyperparameters and data that wrote it.
    mutating func restore(_ tensors: NamedTensors) {
        let restored = tensors.floats("weight")
        precondition(restored.count == weights.count, "the state is not of this training")
        weights = restored
        bias = tensors.floats("bias")
        bestWeights = tensors.floats("best.weight")
        bestBias = tensors.floats("best.bias")
        weightFirst = tensors.floats("weight.first")
        weightSecond = tensors.floats("weight.second")
        biasFirst = tensors.floats("bias.first")
        biasSecond = tensors.floats("bias.second")
        let label = tensors.doubles("label.scale")
        scaler = Scaler(
            shift: tensors.floats("feature.shift"), factor: tensors.floats("feature.factor"),
            labelShift: label[0], labelUnit: label[1])
        classWeights = tensors.floats("class.weight")
        let counts = tensors.int64s("counters").map { Int($0) }
        counters = Counters(
            isPrepared: counts[0] == 1, epoch: counts[1], batch: counts[2], step: counts[3])
        let values = tensors.doubles("measures")
        measures = Measures(
            epochRecords: values[1], beta1Power: values[3], beta2Power: values[4], threshold: values[6])
        candidates[0] = Candidate(
            epochLoss: values[0], bestLoss: values[2], firstRate: values[5], epochsWaited: counts[4],
            hasBest: counts[5] == 1)
        guard candidates.count > 1 else { return }
        let numbers = tensors.int64s("model.counters").map { Int($0) }
        let losses = tensors.doubles("model.measures")
        for model in candidates.indices {
            candidates[model] = Candidate(
                epochLoss: losses[3 * model], bestLoss: losses[3 * model + 1],
                firstRate: losses[3 * model + 2], epochsWaited: numbers[3 * model],
                hasBest: numbers[3 * model + 1] == 1, isOut: numbers[3 * model + 2] == 1)
        }
    }
}
