import Diagnostics

/// Which logical shards a rank holds.
public struct ShardDivision: Sendable, Equatable {
    /// V.
    public let shardCount: Int
    /// Whether rank 0 is a state keeper, which holds none.
    public let hasKeeper: Bool

    /// - Parameter ranks: of the world, a keeper among them.
    /// - Throws: `LockstepError(.configuration)` when there are not enough shards for all threads, `.usage`
    ///   for a keeper alone.
    public init(shardCount: Int, ranks: Int, threads: Int, hasKeeper: Bool = false) throws {
        self.shardCount = shardCount
        self.hasKeeper = hasKeeper
        let ranks = hasKeeper ? ranks - 1 : ranks
        guard ranks > 0 else {
            throw LockstepError(
                .usage,
                "rank 0 is a state keeper (--keeper), which owns no data, and there is no other rank: start "
                    + "at least 2 ranks")
        }
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
        if hasKeeper, rank == 0 { return 0..<0 }
        let (rank, size) = hasKeeper ? (rank - 1, size - 1) : (rank, size)
        return rank * shardCount / size..<(rank + 1) * shardCount / size
    }

    /// The records of shard `index` in a channel of `recordCount`: what the data and V say, alone.
    public func records(ofShard index: Int, in recordCount: Int) -> Range<Int> {
        index * recordCount / shardCount..<(index + 1) * recordCount / shardCount
    }
}
