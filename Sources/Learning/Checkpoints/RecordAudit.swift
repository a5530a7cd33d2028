import RecordOrder

/// Whether a job's commits used each record exactly once an epoch: recomputed from the job's identity,
/// of which the order of records is a pure function.
public struct RecordAudit: Codable, Sendable, Equatable {
    /// Records in channel `train`.
    public var records: Int
    /// Steps in an epoch; 1 where every step is a pass over all records.
    public var stepsPerEpoch: Int
    /// Whole epochs in the history.
    public var epochs: Int
    /// Epochs of which the order of every record was recomputed; the others are counted only.
    public var recomputedEpochs: Int
    /// Commits whose number of records was compared.
    public var comparedCommits: Int
    /// One sentence each; empty when all agrees.
    public var problems: [String]

    /// Records whose place is recomputed at most, over all epochs: some seconds.
    private static let budget = 200_000_000

    /// Algorithms whose steps are the batches of `BatchPlan`.
    public static let plannedAlgorithms: Set<String> = ["linear-learner", "kmeans"]

    /// - Parameter planned: algorithms to audit; of others nothing is known.
    /// - Returns: `nil` when the identity does not tell how records fall to steps.
    package init?(
        _ identity: JobIdentity, _ history: CommitHistory, planned: Set<String> = plannedAlgorithms
    ) {
        guard planned.contains(identity.fields["algorithm"] ?? "") else { return nil }
        func number(_ name: String) -> Int? { identity.fields[name].flatMap { Int($0) } }
        guard let records = number("channel train records"), records > 0,
            let shards = number("hyperparameter logical_shards"), shards > 0
        else { return nil }
        self.records = records
        problems = []
        let isFull = identity.fields["hyperparameter training_mode"] == "full"
        guard let size = isFull ? records : number("hyperparameter mini_batch_size"), size > 0 else {
            return nil
        }
        let plan = BatchPlan(recordCount: records, shardCount: shards, batchSize: size)
        stepsPerEpoch = plan.batchCount
        epochs = max(0, history.steps.upperBound - 1) / plan.batchCount
        recomputedEpochs = 0
        comparedCommits = 0
        compareCommits(history, (0..<plan.batchCount).map { plan.records(inBatch: $0) })
        if isFull {
            recomputedEpochs = epochs
            return
        }
        let seed = UInt64(number("hyperparameter seed") ?? 0)
        for epoch in 0..<min(epochs, max(1, Self.budget / records)) {
            if let shard = plan.firstShardOutOfOrder(epoch: epoch, seed: seed) {
                problems.append(
                    "the batches of epoch \(epoch) do not use each record of shard \(shard) exactly once")
            }
            recomputedEpochs += 1
        }
    }

    /// Each commit adds as many records as its batch has.
    private mutating func compareCommits(_ history: CommitHistory, _ counts: [Int]) {
        for (before, after) in zip(history.records, history.records.dropFirst()) {
            comparedCommits += 1
            let expected = counts[before.step % counts.count]
            guard after.samples - before.samples != expected else { continue }
            problems.append(
                "step \(after.step) used \(after.samples - before.samples) records, but its batch has "
                    + "\(expected)")
            return
        }
    }
}

extension BatchPlan {
    /// The first shard of which the epoch's batches leave a record out or use one twice; `nil`: none.
    fileprivate func firstShardOutOfOrder(epoch: Int, seed: UInt64) -> Int? {
        (0..<shardCount).first { shard in
            let rows = (shard + 1) * recordCount / shardCount - shard * recordCount / shardCount
            var uses = [UInt8](repeating: 0, count: rows)
            for batch in 0..<batchCount {
                let used = BatchPlan.rows(
                    seed: seed, epoch: epoch, shard: shard, of: shardCount, rows: rows, batch: batch,
                    of: batchCount)
                for row in used { uses[row] = uses[row] &+ 1 }
            }
            return uses.contains { $0 != 1 }
        }
    }
}
