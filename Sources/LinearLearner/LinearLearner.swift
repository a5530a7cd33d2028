public import AlgorithmSpecs
import Diagnostics
import LinearAlgebra
import RecordOrder
public import Tensors
public import Training

#if canImport(Glibc)
    import Glibc
#endif

/// Linear regression, binary and multiclass classification by mini-batch gradient descent on
/// normalised features.
///
/// A step is one mini-batch of the whole world; the first also finds mean and deviation of features
/// and label over all records, exactly. After an epoch the loss decides on early stopping, and the
/// weights of the best epoch are kept. docs/algorithms/linear-learner.md has objective and formats.
public struct LinearLearner: Algorithm {
    public static var spec: AlgorithmSpec { .linearLearner }
    public static var predictor: (any Predictor.Type)? { LinearPredictor.self }

    let configuration: LinearConfiguration
    let data: DataDescription
    let plan: BatchPlan
    var inner: LinearState

    /// Weights, two moments and the best weights of each output, and the scaler.
    public static func featureMemory(
        _ hyperparameters: ResolvedHyperparameters, data: DataDescription
    ) -> FeatureMemory {
        let outputs = hyperparameters.integer("num_classes") ?? 1
        return FeatureMemory(state: 16 * outputs + 8, sums: max(8, 4 * outputs))
    }

    public init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        LinearAlgebra.prepare()
        configuration = try LinearConfiguration(hyperparameters, data: data)
        self.data = data
        plan = BatchPlan(
            recordCount: data.recordCount, shardCount: data.logicalShardCount,
            batchSize: configuration.batchSize)
        inner = Self.firstState(configuration, data)
    }

    public var state: NamedTensors {
        get { inner.tensors }
        set { inner.restore(newValue) }
    }

    public var isFinished: Bool {
        inner.counters.epoch >= configuration.epochs
            || inner.counters.epochsWaited >= configuration.patience
    }

    public mutating func step(_ context: any StepContext) throws -> StepReport {
        if !inner.counters.isPrepared { try prepare(context) }
        let epoch = inner.counters.epoch
        let count = plan.records(inBatch: inner.counters.batch)
        let loss = try update(context, recordCount: count)
        inner.measures.epochLoss += loss * Double(count)
        inner.measures.epochRecords += Double(count)
        inner.counters.batch += 1
        let done = Double(epoch * plan.batchCount + inner.counters.batch)
        var report = StepReport(
            epoch: epoch, recordCount: count, loss: loss,
            progress: done / Double(configuration.epochs * plan.batchCount))
        if inner.counters.batch == plan.batchCount {
            report.metrics = try endEpoch(context)
            report.endsEpoch = true
            if isFinished { report.progress = 1 }
        }
        return report
    }

    /// One gradient over the batch and one update; returns the mean loss in units of the label.
    private mutating func update(_ context: any StepContext, recordCount: Int) throws -> Double {
        let kernel = kernel(weights: inner.weights, bias: inner.bias)
        let (epoch, batch, batchCount) = (inner.counters.epoch, inner.counters.batch, plan.batchCount)
        let sums = try context.sum(
            [
                SumShape("gradient of weight", inner.weights.count),
                SumShape("gradient of bias", inner.bias.count), SumShape("loss", 1),
            ], over: .train
        ) { shard, out in
            let rows = shard.batchRows(epoch: epoch, batch: batch, of: batchCount)
            let loss = kernel.addGradient(
                of: shard.records, rows: rows, weightGradient: out[0], biasGradient: out[1])
            out[2][0] = Float(loss)
        }
        guard recordCount > 0 else { return 0 }
        let share = 1 / Float(recordCount)
        let weightGradient = kernel.shiftedGradient(sums[0], biasGradient: sums[1]).map { $0 * share }
        apply(weightGradient: weightGradient, biasGradient: sums[1].map { $0 * share })
        return Double(sums[2][0]) / Double(recordCount) * lossUnit
    }

    private mutating func apply(weightGradient: [Float], biasGradient: [Float]) {
        let rule = configuration.optimizer
        inner.measures.beta1Power *= rule.beta1
        inner.measures.beta2Power *= rule.beta2
        let rate = configuration.schedule.rate(
            first: inner.measures.firstRate, step: inner.counters.step)
        var step = OptimizerRule.Step(
            rate: rate, decay: rule.decay, l1: rule.l1, beta1Power: inner.measures.beta1Power,
            beta2Power: inner.measures.beta2Power)
        rule.update(
            &inner.weights, first: &inner.weightFirst, second: &inner.weightSecond,
            gradient: weightGradient, step: step)
        if configuration.usesBias {
            step.rate = rate * rule.biasRateFactor
            step.decay = rule.decay * rule.biasDecayFactor
            step.l1 = 0
            rule.update(
                &inner.bias, first: &inner.biasFirst, second: &inner.biasSecond,
                gradient: biasGradient, step: step)
        }
        inner.counters.step += 1
    }

    /// Closes the epoch: its metrics, and whether it was the best.
    private mutating func endEpoch(_ context: any StepContext) throws -> [Metric] {
        let trainLoss = inner.measures.epochLoss / max(1, inner.measures.epochRecords)
        var metrics = [objective(.train, trainLoss)]
        var decisive = trainLoss
        if data.validationCount != nil {
            let scores = try evaluate(.validation, context, weights: inner.weights, bias: inner.bias)
            metrics += scores.metrics
            decisive = scores.loss
        }
        let previous = inner.measures.bestLoss
        let improvement = inner.counters.hasBest ? (previous - decisive) / max(abs(previous), 1e-300) : 1
        inner.counters.epochsWaited =
            improvement >= configuration.tolerance ? 0 : inner.counters.epochsWaited + 1
        if !inner.counters.hasBest || decisive < previous {
            inner.counters.hasBest = true
            inner.measures.bestLoss = decisive
            inner.bestWeights = inner.weights
            inner.bestBias = inner.bias
        }
        inner.measures.epochLoss = 0
        inner.measures.epochRecords = 0
        inner.counters.batch = 0
        inner.counters.epoch += 1
        return metrics
    }

    /// What a loss in units of the normalised label is worth in units of the label.
    var lossUnit: Double {
        switch configuration.loss.degree {
        case 2: inner.scaler.labelUnit * inner.scaler.labelUnit
        case 1: inner.scaler.labelUnit
        default: 1
        }
    }

    /// The kernel for training and scoring with the given weights.
    func kernel(weights: [Float], bias: [Float]) -> LinearKernel {
        LinearKernel(
            loss: configuration.loss.inUnits(of: inner.scaler.labelUnit), weights: weights, bias: bias,
            scaler: inner.scaler, classWeights: inner.classWeights, isSparse: data.isSparse)
    }

    func objective(_ channel: ChannelRole, _ loss: Double, final: Bool = false) -> Metric {
        Metric(
            channel: channel.rawValue, name: final ? "objective_loss:final" : "objective_loss", tag: .loss,
            value: loss, loggedName: configuration.loss.objectiveName)
    }
}

extension LinearLearner {
    private enum Purpose {
        static let firstWeights: UInt64 = 0x4C4C_0001
    }

    private static func firstState(
        _ configuration: LinearConfiguration, _ data: DataDescription
    ) -> LinearState {
        let count = configuration.outputs * data.featureCount
        let key = RandomKey(seed: data.seed).child(.purpose(Purpose.firstWeights))
        let weights = (0..<count).map { index -> Float in
            let own = key.child(.index(index))
            switch configuration.firstWeights {
            case .uniform(let scale):
                return Float((2 * own.unit - 1) * scale)
            case .normal(let sigma):
                // Box and Muller, Annals of Mathematical Statistics 29 (1958), p. 610.
                let radius = (-2 * log(1 - own.child(.index(0)).unit)).squareRoot()
                return Float(sigma * radius * cos(2 * .pi * own.child(.index(1)).unit))
            }
        }
        let bias = [Float](
            repeating: configuration.usesBias ? Float(configuration.firstBias) : 0,
            count: configuration.outputs)
        let zeros = [Float](repeating: 0, count: count)
        let zeroBias = [Float](repeating: 0, count: configuration.outputs)
        return LinearState(
            weights: weights, bias: bias, weightFirst: zeros, weightSecond: zeros,
            biasFirst: zeroBias, biasSecond: zeroBias, bestWeights: weights, bestBias: bias,
            scaler: .identity(featureCount: data.featureCount), classWeights: [])
    }
}
