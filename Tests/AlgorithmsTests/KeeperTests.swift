import KMeans
import LinearLearner
import Tensors
import Testing
import Training

/// A state keeper owns no data and changes nothing.
@Suite struct KeeperTests {
    @Test(arguments: EqualityCase.linearCases, [2, 3, 5])
    func `linear-learner is the same with a keeper`(_ example: EqualityCase, _ ranks: Int) throws {
        try compare(LinearLearner.self, example, ranks)
    }

    @Test(arguments: EqualityCase.kmeansCases, [2, 3, 5])
    func `kmeans is the same with a keeper`(_ example: EqualityCase, _ ranks: Int) throws {
        try compare(KMeans.self, example, ranks)
    }

    private func compare(_ type: any Algorithm.Type, _ example: EqualityCase, _ ranks: Int) throws {
        var gang = TestGang(shards: example.shards)
        gang.keepsHashes = true
        let alone = try gang.train(type, example.given, example.channels)
        gang.ranks = ranks
        for threads in [1, 2] {
            gang.threads = threads
            for hasKeeper in [false, true] {
                gang.hasKeeper = hasKeeper
                let outcome = try gang.train(type, example.given, example.channels)
                #expect(outcome.stateHashes == alone.stateHashes)
                #expect(outcome.model.tensors.sha256 == alone.model.tensors.sha256)
                #expect(outcome.metrics == alone.metrics)
            }
        }
    }
}
