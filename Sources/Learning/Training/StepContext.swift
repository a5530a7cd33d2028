public import RecordOrder
public import Tensors

/// What a step can do with the data: compute per logical shard, add exactly.
///
/// Every method runs its closure exactly once for each logical shard in the world, on whichever rank
/// owns it and possibly on several threads of that rank at once. All ranks must call the same methods
/// in the same order. Results are the same bits on every rank and for every world size.
public protocol StepContext: AnyObject {
    /// Index of the step, from 0.
    var stepIndex: Int { get }
    /// Random numbers for this step: `key.shard(v).index(i)` etc.
    var randomKey: RandomKey { get }

    /// Exact sum over logical shards of Float arrays (gradients): block-scaled int32 on the wire.
    ///
    /// - Parameters:
    ///   - shapes: the arrays to sum, by name (named in errors) and element count.
    ///   - channel: whose shards.
    ///   - body: computes one shard's part into zeroed buffers, one per shape, in order.
    /// - Throws: `LockstepError(.numerics)` naming tensor and step when a part is NaN or infinite, on
    ///   every rank.
    func sum(
        _ shapes: [SumShape], over channel: ChannelRole,
        _ body: @Sendable (LogicalShard, [UnsafeMutableBufferPointer<Float>]) throws -> Void
    ) throws -> [[Float]]

    /// Exact sum over logical shards of Double arrays (statistics, centroids, scores): each element
    /// keeps full double precision.
    func sumWide(
        _ shapes: [SumShape], over channel: ChannelRole,
        _ body: @Sendable (LogicalShard, [UnsafeMutableBufferPointer<Double>]) throws -> Void
    ) throws -> [[Double]]

    /// Bytes of every logical shard, in order of shard, on every rank: for samples and sketches that
    /// are combined in shard order.
    func collect(
        over channel: ChannelRole, _ body: @Sendable (LogicalShard) throws -> [UInt8]
    ) throws -> [[UInt8]]
}

public enum ChannelRole: String, Sendable, CaseIterable {
    case train, validation, test
}

/// Name and element count of an array to sum.
public struct SumShape: Sendable, Equatable {
    public let name: String
    public let count: Int
    public init(_ name: String, _ count: Int) {
        self.name = name
        self.count = count
    }
}

/// One of V fixed slices of a channel: the unit of work and of randomness.
public struct LogicalShard: Sendable {
    /// 0 ..< V.
    public let index: Int
    /// Number of V.
    public let count: Int
    /// Index in the channel of this shard's first record.
    public let firstRecord: Int
    /// Its records, in file order.
    public let records: Records
    /// The job's seed.
    public let seed: UInt64

    package init(index: Int, count: Int, firstRecord: Int, records: Records, seed: UInt64) {
        self.index = index
        self.count = count
        self.firstRecord = firstRecord
        self.records = records
        self.seed = seed
    }

    /// The part of mini-batch `batch` of `batchCount` in `epoch` that comes from this shard; the rows
    /// are those of `batchRows`.
    public func batch(epoch: Int, batch: Int, of batchCount: Int) -> Records {
        records.gathering(batchRows(epoch: epoch, batch: batch, of: batchCount))
    }
}
