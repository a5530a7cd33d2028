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
/// and label over all records, exactly. Several models (`num_models`) are trained side by side on the same
/// batches. After an epoch the loss decides on early stopping, and the weights of each model's best epoch are
/// kept; the best model is the job's. docs/algorithms/linear-learner.md has objective and formats.
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
            || inner.candidates.allSatisfy { $0.isOut || $0.epochsWaited >= configuration.patience }
    }

    public mutating func step(_ context: any StepContext) throws -> StepReport {
        if !inner.counters.isPrepared { try prepare(context) }
        let epoch = inner.counters.epoch
        let count = plan.records(inBatch: inner.counters.batch)
        let losses = try update(context, recordCount: count)
        for model in losses.indices { inner.candidates[model].epochLoss += losses[model] * Double(count) }
        inner.measures.epochRecords += Double(count)
        inner.counters.batch += 1
        let done = Double(epoch * plan.batchCount + inner.counters.batch)
        var report = StepReport(
            epoch: epoch, recordCount: count, loss: losses[finalModel],
            progress: done / Double(configuration.epochs * plan.batchCount))
        if inner.counters.batch == plan.batchCount {
            report.metrics = try endEpoch(context)
            report.endsEpoch = true
            if isFinished { report.progress = 1 }
        }
        return report
    }

    /// Closes the epoch: for each model whether it was its best. Returns the metrics of the leading one.
    private mutating func endEpoch(_ context: any StepContext) throws -> [Metric] {
        let trainLosses = inner.candidates.map { $0.epochLoss / max(1, inner.measures.epochRecords) }
        var decisive = trainLosses
        var evaluations: [Evaluation]?
        if data.validationCount != nil {
            let all = try evaluate(.validation, context, trainingKernel)
            decisive = all.map(\.loss)
            evaluations = all
        }
        for model in inner.candidates.indices { close(model, loss: decisive[model]) }
        inner.measures.epochRecords = 0
        inner.counters.batch = 0
        inner.counters.epoch += 1
        let ahead = finalModel
        return [objective(.train, trainLosses[ahead])] + (evaluations?[ahead].metrics ?? [])
    }

    private mutating func close(_ model: Int, loss: Double) {
        var candidate = inner.candidates[model]
        candidate.epochLoss = 0
        if !candidate.isOut {
            let previous = candidate.bestLoss
            let improvement = candidate.hasBest ? (previous - loss) / max(abs(previous), 1e-300) : 1
            candidate.epochsWaited = improvement >= configuration.tolerance ? 0 : candidate.epochsWaited + 1
            if !candidate.hasBest || loss < previous {
                candidate.hasBest = true
                candidate.bestLoss = loss
                let (weights, bias) = (weightRange(of: model), biasRange(of: model))
                inner.bestWeights.replaceSubrange(weights, with: inner.weights[weights])
                inner.bestBias.replaceSubrange(bias, with: inner.bias[bias])
            }
        }
        inner.candidates[model] = candidate
    }

    /// Places of a model's weights and intercepts among those of all.
    func weightRange(of model: Int) -> Range<Int> {
        let count = configuration.outputs * data.featureCount
        return model * count..<(model + 1) * count
    }

    func biasRange(of model: Int) -> Range<Int> {
        model * configuration.outputs..<(model + 1) * configuration.outputs
    }

    /// What a loss in units of the normalised label is worth in units of the label.
    var lossUnit: Double {
        switch configuration.loss.degree {
        case 2: inner.scaler.labelUnit * inner.scaler.labelUnit
        case 1: inner.scaler.labelUnit
        default: 1
        }
    }

    /// The kernel of all models.
    var trainingKernel: LinearKernel {
        kernel(weights: inner.weights, bias: inner.bias, models: inner.candidates.count)
    }

    /// The kernel for training and scoring with the given weights.
    func kernel(weights: [Float], bias: [Float], models: Int = 1) -> LinearKernel {
        LinearKernel(
            loss: configuration.loss.inUnits(of: inner.scaler.labelUnit), weights: weights, bias: bias,
            scaler: inner.scaler, classWeights: inner.classWeights, isSparse: data.isSparse, models: models)
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
        let models = configuration.variants.count
        let count = configuration.outputs * data.featureCount
        let key = RandomKey(seed: data.seed).child(.purpose(Purpose.firstWeights))
        // All models begin with the same weights.
        let first = (0..<count).map { index -> Float in
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
        let weights = Array(repeatElement(first, count: models).joined())
        let bias = [Float](
            repeating: configuration.usesBias ? Float(configuration.firstBias) : 0,
            count: models * configuration.outputs)
        let zeros = [Float](repeating: 0, count: weights.count)
        let zeroBias = [Float](repeating: 0, count: bias.count)
        return LinearState(
            weights: weights, bias: bias, weightFirst: zeros, weightSecond: zeros,
            biasFirst: zeroBias, biasSecond: zeroBias, bestWeights: weights, bestBias: bias,
            scaler: .identity(featureCount: data.featureCount), classWeights: [],
            candidates: Array(repeating: LinearState.Candidate(), count: models))
    }
}
