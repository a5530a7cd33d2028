import Diagnostics

/// Which logical shards a rank holds.
public struct ShardDivision: Sendable, Equatable {
    /// V.
    public let shardCount: Int

    /// - Throws: `LockstepError(.configuration)` when there are not enough shards for all threads.
    public init(shardCount: Int, ranks: Int, threads: Int) throws {
        self.shardCount = shardCount
        guard shardCount >= ranks * threads else {
            let threadWord = threads == 1 ? "1 thread" : "\(threads) threads"
            let rankWord = ranks == 1 ? "1 rank" : "\(ranks) ranks"
            let needs = ranks == 1 ? "needs" : "need"
            throw LockstepError(
                .configuration,
                "logical_shards is \(shardCount), but \(rankWord) × \(threadWord) \(needs) at least "
                    + "\(ranks * threads): set logical_shards higher or use fewer")
        }
    }

    /// The contiguous shards of `rank` of `size`.
    public func shards(ofRank rank: Int, of size: Int) -> Range<Int> {
        rank * shardCount / size..<(rank + 1) * shardCount / size
    }

    /// The records of shard `index` in a channel of `recordCount`: what the data and V say, alone.
    public func records(ofShard index: Int, in recordCount: Int) -> Range<Int> {
        index * recordCount / shardCount..<(index + 1) * recordCount / shardCount
    }
}
