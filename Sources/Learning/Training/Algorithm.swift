public import AlgorithmSpecs
public import Tensors

/// The algorithm contract: a method's mathematics, and nothing else.
///
/// An author never sees the world size, the rank or a communicator. Sharding, threads, MPI, exact
/// sums, checkpoints, resume, metrics and stop are the runtime's. One *step* is one committed unit:
/// a mini-batch of SGD, one pass of k-means.
///
/// Determinism: `init`, `step` and `model` run on every rank with the same arguments and must give the
/// same bits everywhere. Random numbers come from `RandomKey` only. Whatever touches records runs
/// inside the closures of `StepContext`, once per logical shard.
public protocol Algorithm: SendableMetatype {
    static var spec: AlgorithmSpec { get }

    /// What scores records with this algorithm's models; `nil`, which is the default, for nothing.
    static var predictor: (any Predictor.Type)? { get }

    /// About how many bytes training takes for each feature of a record. The runtime refuses records that
    /// are too wide for the memory there is; the default counts four numbers a feature.
    static func featureMemory(_ hyperparameters: ResolvedHyperparameters, data: DataDescription)
        -> FeatureMemory

    /// Sets up the state before the first step; not called with data, only with its description.
    ///
    /// - Throws: `LockstepError(.configuration)` when hyperparameters and data do not fit.
    init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws

    /// All that decides what comes next: weights, moments, counters, the best model so far. It is
    /// what is committed, hashed, checkpointed and restored. Setting it must leave the algorithm as it
    /// was when the value was read.
    var state: NamedTensors { get set }

    /// Whether another step is wanted. A function of the state.
    var isFinished: Bool { get }

    /// One committed unit. Advances the state.
    ///
    /// - Throws: nothing of its own but what the context's sums throw.
    mutating func step(_ context: any StepContext) throws -> StepReport

    /// After the last step: work that needs the data once more (thresholds, final scores). May call
    /// the context as `step` does. Changes the state at most. By default there is none.
    mutating func finish(_ context: any StepContext) throws -> [Metric]

    /// The model in the current state: tensors and what a reader needs to use them. Pure.
    func model() -> Model
}

extension Algorithm {
    /// No predictor.
    public static var predictor: (any Predictor.Type)? { nil }

    /// Four numbers a feature.
    public static func featureMemory(
        _ hyperparameters: ResolvedHyperparameters, data: DataDescription
    ) -> FeatureMemory { FeatureMemory(state: 8, sums: 8) }

    /// No last pass.
    public mutating func finish(_ context: any StepContext) throws -> [Metric] { [] }
}

/// The same on every rank, known before the first step.
public struct DataDescription: Sendable, Equatable {
    /// Width of a row.
    public var featureCount: Int
    public var isSparse: Bool
    /// Records in channel `train`.
    public var recordCount: Int
    /// Records in channels `validation` and `test`, `nil` when the channel is absent.
    public var validationCount: Int?
    public var testCount: Int?
    /// V: number of logical shards, fixed for the life of a job.
    public var logicalShardCount: Int
    /// The job's seed.
    public var seed: UInt64

    public init(
        featureCount: Int, isSparse: Bool, recordCount: Int, validationCount: Int? = nil,
        testCount: Int? = nil, logicalShardCount: Int, seed: UInt64
    ) {
        self.featureCount = featureCount
        self.isSparse = isSparse
        self.recordCount = recordCount
        self.validationCount = validationCount
        self.testCount = testCount
        self.logicalShardCount = logicalShardCount
        self.seed = seed
    }
}

/// What a step has to say for logs and progress. The same on every rank.
public struct StepReport: Sendable, Equatable {
    /// Epochs done after this step, counted from 0: the epoch this step belonged to.
    public var epoch: Int
    /// Records used by this step.
    public var recordCount: Int
    /// Mean loss over the step's records, for the progress bar.
    public var loss: Double?
    /// Share of the whole training that is done, 0…1.
    public var progress: Double
    /// Metrics to log after this step (at the end of an epoch, mostly).
    public var metrics: [Metric]
    /// Whether an epoch ended with this step.
    public var endsEpoch: Bool

    public init(
        epoch: Int, recordCount: Int, loss: Double? = nil, progress: Double, endsEpoch: Bool = false,
        metrics: [Metric] = []
    ) {
        self.epoch = epoch
        self.recordCount = recordCount
        self.loss = loss
        self.progress = progress
        self.endsEpoch = endsEpoch
        self.metrics = metrics
    }
}

/// One measured value.
///
/// Logged as SageMaker does: `#quality_metric: host=algo-1, epoch=0, train NAME <loss>=0.5`, where
/// NAME is `loggedName` after the channel's name, and the tag tells whether less is better.
public struct Metric: Sendable, Equatable {
    public enum Tag: String, Sendable { case loss, score }
    /// `train`, `validation` or `test`.
    public var channel: String
    /// `objective_loss`, `msd`, …
    public var name: String
    public var tag: Tag
    public var value: Double
    /// Name in the log line, where SageMaker's patterns want another than `name`:
    /// `mse_objective` for `objective_loss`, `binary_f_1.000` for `binary_f_beta`.
    public var loggedName: String

    public init(channel: String, name: String, tag: Tag, value: Double, loggedName: String? = nil) {
        self.channel = channel
        self.name = name
        self.tag = tag
        self.value = value
        self.loggedName = loggedName ?? name
    }
    /// `validation:objective_loss`.
    public var qualifiedName: String { "\(channel):\(name)" }
}

/// A model: tensors, and a description that lets `predict` and any Python reader use them.
public struct Model: Sendable, Equatable {
    public var tensors: NamedTensors
    /// Flat description for `model.json`: algorithm-specific facts (predictor type, threshold, k, …).
    public var description: [String: String]

    public init(tensors: NamedTensors, description: [String: String]) {
        self.tensors = tensors
        self.description = description
    }
}
