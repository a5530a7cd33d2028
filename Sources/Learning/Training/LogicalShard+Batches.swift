import RecordOrder
import Tensors

extension LogicalShard {
    /// Rows of this shard that belong to mini-batch `batch` of `batchCount` in `epoch`.
    ///
    /// The shard's n rows, in the order of a permutation keyed by (seed, epoch, shard), are cut at
    /// `⌊(b·n + o)/batchCount⌋` for b = 0 … batchCount, with an offset o < batchCount that differs from
    /// shard to shard. So every row is used exactly once an epoch, there is no loader state to save,
    /// and batches are of nearly equal size even where shards have fewer rows than there are batches.
    public func batchRows(epoch: Int, batch: Int, of batchCount: Int) -> [Int] {
        BatchPlan.rows(
            seed: seed, epoch: epoch, shard: index, of: count, rows: records.count, batch: batch,
            of: batchCount)
    }
}
