import AlgorithmSpecs
import KMeans
import LinearLearner
import Tensors
import Testing
import Training

/// One training to be repeated in other worlds.
struct EqualityCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var given: [String: String]
    var channels: TestChannels
    var shards = 16

    static func linear(
        _ name: String, _ given: [String: String], sparse: Bool = false, classes: Int? = nil,
        records: Int = 203, shards: Int = 16
    ) -> EqualityCase {
        func make(_ count: Int, _ seed: UInt64) -> Records {
            sparse
                ? TestRecords.sparse(count, width: 7, classes: classes, seed: seed)
                : TestRecords.dense(count, width: 7, classes: classes, seed: seed)
        }
        return EqualityCase(
            testDescription: name,
            given: given.merging(["epochs": "3", "mini_batch_size": "50"]) { own, _ in own },
            channels: TestChannels(train: make(records, 1), validation: make(31, 2), test: make(9, 3)),
            shards: shards)
    }

    static func kmeans(
        _ name: String, _ given: [String: String], sparse: Bool = false, records: Int = 203,
        shards: Int = 16
    ) -> EqualityCase {
        var train =
            sparse
            ? TestRecords.sparse(records, width: 7, classes: nil)
            : TestRecords.dense(records, width: 7, classes: nil)
        train.labels = []
        return EqualityCase(
            testDescription: name,
            given: given.merging(["k": "4", "feature_dim": "7"]) { own, _ in own },
            channels: TestChannels(train: train), shards: shards)
    }

    static let linearCases: [EqualityCase] = [
        .linear("regressor, dense", ["predictor_type": "regressor"]),
        .linear(
            "huber with L1 and sgd, sparse",
            ["predictor_type": "regressor", "loss": "huber_loss", "optimizer": "sgd", "l1": "0.01"],
            sparse: true),
        .linear("binary, dense", ["predictor_type": "binary_classifier"], classes: 2),
        .linear(
            "balanced binary, sparse",
            ["predictor_type": "binary_classifier", "positive_example_weight_mult": "balanced"],
            sparse: true, classes: 2),
        .linear(
            "multiclass, dense", ["predictor_type": "multiclass_classifier", "num_classes": "4"],
            classes: 4),
        .linear(
            "multiclass, sparse", ["predictor_type": "multiclass_classifier", "num_classes": "4"],
            sparse: true, classes: 4),
        .linear(
            "five binary models, dense", ["predictor_type": "binary_classifier", "num_models": "5"],
            classes: 2),
        .linear(
            "three multiclass models, sparse",
            ["predictor_type": "multiclass_classifier", "num_classes": "4", "num_models": "3"],
            sparse: true, classes: 4),
        .linear(
            "fewer records than shards", ["predictor_type": "regressor", "mini_batch_size": "3"],
            records: 11),
        .linear(
            "fewer records than shards, sparse",
            ["predictor_type": "binary_classifier", "mini_batch_size": "4"], sparse: true, classes: 2,
            records: 13),
        .linear(
            "a shard and one record", ["predictor_type": "regressor", "mini_batch_size": "40"],
            records: 17),
    ]

    static let kmeansCases: [EqualityCase] = [
        .kmeans("mini-batch, dense", ["mini_batch_size": "40", "epochs": "3"]),
        .kmeans(
            "mini-batch with decay, sparse",
            ["mini_batch_size": "40", "epochs": "2", "half_life_time_size": "50"], sparse: true),
        .kmeans(
            "full from k-means++, dense",
            ["training_mode": "full", "init_method": "kmeans++", "max_passes": "7"]),
        .kmeans("full, sparse", ["training_mode": "full", "max_passes": "7"], sparse: true),
        .kmeans(
            "fewer records than shards", ["mini_batch_size": "5", "init_method": "kmeans++"], records: 11),
        .kmeans("fewer records than shards, sparse", ["training_mode": "full"], sparse: true, records: 11),
    ]
}

@Suite struct BitEqualityTests {
    private static let worlds = [(1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (5, 1), (5, 2)]

    private func expectEqualEverywhere<A: Algorithm>(_ type: A.Type, _ item: EqualityCase) throws {
        let alone = try TestGang(shards: item.shards, keepsHashes: true)
            .train(type, item.given, item.channels)
        #expect(alone.steps > 0)
        for (ranks, threads) in Self.worlds {
            let other = try TestGang(
                ranks: ranks, threads: threads, shards: item.shards, keepsHashes: true
            ).train(type, item.given, item.channels)
            #expect(
                other.model.tensors.sha256 == alone.model.tensors.sha256, "\(ranks) ranks × \(threads)")
            #expect(other.stateHashes == alone.stateHashes, "\(ranks) ranks × \(threads)")
            #expect(other.metrics == alone.metrics, "\(ranks) ranks × \(threads)")
        }
    }

    private func expectEqualAfterInterruption<A: Algorithm>(_ type: A.Type, _ item: EqualityCase) throws {
        let undisturbed = try TestGang(shards: item.shards).train(type, item.given, item.channels)
        for step in 0...undisturbed.steps {
            let other = try TestGang(shards: item.shards, interruptions: [step])
                .train(type, item.given, item.channels)
            #expect(other.model == undisturbed.model, "interrupted before step \(step)")
            #expect(other.metrics == undisturbed.metrics, "interrupted before step \(step)")
        }
    }

    @Test("linear-learner makes the same model in every world", arguments: EqualityCase.linearCases)
    func linearWorlds(_ item: EqualityCase) throws {
        try expectEqualEverywhere(LinearLearner.self, item)
    }

    @Test("kmeans makes the same model in every world", arguments: EqualityCase.kmeansCases)
    func kmeansWorlds(_ item: EqualityCase) throws { try expectEqualEverywhere(KMeans.self, item) }

    @Test("linear-learner goes on from its state at every step", arguments: EqualityCase.linearCases)
    func linearResume(_ item: EqualityCase) throws {
        try expectEqualAfterInterruption(LinearLearner.self, item)
    }

    @Test("kmeans goes on from its state at every step", arguments: EqualityCase.kmeansCases)
    func kmeansResume(_ item: EqualityCase) throws { try expectEqualAfterInterruption(KMeans.self, item) }

    @Test("a change of seed, batch or shard count changes the model")
    func otherModels() throws {
        let item = EqualityCase.linearCases[0]
        let model = try TestGang().train(LinearLearner.self, item.given, item.channels).model
        let seed = try TestGang(seed: 8).train(LinearLearner.self, item.given, item.channels).model
        let shards = try TestGang(shards: 17).train(LinearLearner.self, item.given, item.channels).model
        let batch = try TestGang().train(
            LinearLearner.self, item.given.merging(["mini_batch_size": "60"]) { _, new in new },
            item.channels
        ).model
        #expect(Set([model, seed, shards, batch].map(\.tensors.sha256)).count == 4)
    }
}
