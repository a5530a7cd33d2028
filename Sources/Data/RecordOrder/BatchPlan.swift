/// How an epoch's records fall into mini-batches: a pure function of record, shard and batch counts.
public struct BatchPlan: Sendable, Equatable {
    public let recordCount: Int
    public let shardCount: Int
    /// Mini-batches in an epoch, ⌈records / mini_batch_size⌉.
    public let batchCount: Int

    /// - Parameter batchSize: records in one batch of the whole world.
    public init(recordCount: Int, shardCount: Int, batchSize: Int) {
        precondition(recordCount > 0 && shardCount > 0 && batchSize > 0, "counts must be positive")
        self.recordCount = recordCount
        self.shardCount = shardCount
        batchCount = (recordCount + batchSize - 1) / batchSize
    }

    /// Records in mini-batch `batch`, over all shards.
    /// - Complexity: O(V).
    public func records(inBatch batch: Int) -> Int {
        (0..<shardCount).reduce(0) { sum, shard in
            let rows = (shard + 1) * recordCount / shardCount - shard * recordCount / shardCount
            let positions = Self.positions(
                shard: shard, of: shardCount, rows: rows, batch: batch, of: batchCount)
            return sum + positions.count
        }
    }

    /// Rows of a shard that belong to a mini-batch, in the order of a permutation keyed by (seed, epoch,
    /// shard): positions `⌊(b·n + o)/batchCount⌋` on, as `positions` cuts them.
    package static func rows(
        seed: UInt64, epoch: Int, shard: Int, of shardCount: Int, rows: Int, batch: Int, of batchCount: Int
    ) -> [Int] {
        let range = positions(shard: shard, of: shardCount, rows: rows, batch: batch, of: batchCount)
        let permutation = KeyedPermutation(
            count: rows, key: RandomKey(seed: seed).child(.epoch(epoch)).child(.shard(shard)))
        return range.map { permutation[$0] }
    }

    static func positions(
        shard: Int, of shardCount: Int, rows: Int, batch: Int, of batchCount: Int
    ) -> Range<Int> {
        let offset = shard * batchCount / shardCount
        return (batch * rows + offset) / batchCount..<((batch + 1) * rows + offset) / batchCount
    }
}
