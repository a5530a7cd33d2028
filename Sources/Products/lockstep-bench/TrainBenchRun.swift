import AlgorithmCatalog
import AlgorithmSpecs
import Collectives
import Diagnostics
import Dispatch
import Tensors
import Threading
import Training

/// What is trained, and what of scikit-learn does the same.
struct TrainBenchWorkload {
    let name: String
    let algorithm: String
    let hyperparameters: [String: String]
    /// How the peer knows it.
    let peer: String
    /// Whether labels are 0 and 1 (class 5 and above), as given, or absent.
    let labels: Labels
    enum Labels { case classes, binary, none }

    static let all = [
        TrainBenchWorkload(
            name: "linear-learner multiclass", algorithm: "linear-learner",
            hyperparameters: [
                "predictor_type": "multiclass_classifier", "num_classes": "10", "mini_batch_size": "1000",
            ], peer: "SGDClassifier multiclass", labels: .classes),
        TrainBenchWorkload(
            name: "linear-learner binary", algorithm: "linear-learner",
            hyperparameters: ["predictor_type": "binary_classifier", "mini_batch_size": "1000"],
            peer: "SGDClassifier binary", labels: .binary),
        TrainBenchWorkload(
            name: "linear-learner regressor", algorithm: "linear-learner",
            hyperparameters: ["predictor_type": "regressor", "mini_batch_size": "1000"],
            peer: "SGDRegressor", labels: .classes),
        TrainBenchWorkload(
            name: "kmeans mini-batch", algorithm: "kmeans",
            hyperparameters: ["k": "10", "extra_center_factor": "1", "mini_batch_size": "5000"],
            peer: "MiniBatchKMeans", labels: .none),
    ]
}

/// One training set up to be timed an epoch at a time: the step loop with exact sums, no checkpoints.
final class TrainBenchRun {
    private let type: any Algorithm.Type
    private let hyperparameters: ResolvedHyperparameters
    private let data: DataDescription
    private let context: GangStepContext
    private var algorithm: (any Algorithm)?

    init(_ workload: TrainBenchWorkload, _ set: TrainBenchData, threads: Int, shards: Int) throws {
        type = try AlgorithmCatalog.builtIns.named(workload.algorithm)
        var given = workload.hyperparameters
        given["feature_dim"] = String(set.width)
        given["epochs"] = "1000000"
        if workload.algorithm == "linear-learner" { given["early_stopping_patience"] = "1000000" }
        hyperparameters = try type.spec.resolve(given)
        data = DataDescription(
            featureCount: set.width, isSparse: false, recordCount: set.recordCount,
            logicalShardCount: shards, seed: 1)
        let communicator = Collectives.SoloCommunicator()
        context = GangStepContext(
            communicator: communicator, team: ThreadTeam(count: threads), vote: GangVote(communicator),
            shardCount: shards, shards: [.train: set.shards(shards, labels: workload.labels)], seed: 1)
    }

    /// Seconds of the next epoch. What happens once, statistics and first centres, is done before.
    func secondsOfOneEpoch() throws -> Double {
        if algorithm == nil {
            algorithm = try type.init(hyperparameters: hyperparameters, data: data)
            _ = try epoch()
        }
        return try epoch()
    }

    private func epoch() throws -> Double {
        let start = DispatchTime.now()
        while let report = try algorithm?.step(context), !report.endsEpoch {}
        return Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
    }
}
