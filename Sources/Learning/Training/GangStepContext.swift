public import Collectives
import Diagnostics
public import RecordOrder
import Tensors
public import Threading

/// The runtime's `StepContext`: threads over the logical shards of this rank, exact sums over all.
///
/// An error in a closure on any rank is thrown on every rank: before each sum the ranks agree that
/// nothing failed (one small reduction), so that nobody waits for a rank that left.
public final class GangStepContext: StepContext {
    public private(set) var stepIndex = 0
    public private(set) var randomKey: RandomKey

    private let activity: RankActivity
    private let seed: UInt64
    private let shardCount: Int
    private let communicator: any Communicator
    private let team: ThreadTeam
    private let vote: GangVote
    private let exact: ExactSum
    private let shards: [ChannelRole: [LogicalShard]]
    private let floats: ShardBuffers<Float>
    private let doubles: ShardBuffers<Double>

    /// - Parameters:
    ///   - shards: this rank's logical shards of each channel, in order, as `ShardDivision` has them.
    ///   - shardCount: V.
    ///   - activity: is told which shard is computed and which tensor is summed.
    public init(
        communicator: any Communicator, team: ThreadTeam, vote: GangVote, shardCount: Int,
        shards: [ChannelRole: [LogicalShard]], seed: UInt64, activity: RankActivity = RankActivity()
    ) {
        self.activity = activity
        self.communicator = communicator
        self.team = team
        self.vote = vote
        self.shardCount = shardCount
        self.shards = shards
        self.seed = seed
        randomKey = RandomKey(seed: seed).child(.step(0))
        exact = ExactSum(communicator: communicator, team: team, shardCount: shardCount)
        let mostShards = shards.values.map(\.count).max() ?? 0
        floats = ShardBuffers(shardCount: mostShards)
        doubles = ShardBuffers(shardCount: mostShards)
    }

    /// Goes to a step.
    public func begin(step: Int) {
        stepIndex = step
        randomKey = RandomKey(seed: seed).child(.step(step))
        communicator.step = step
    }

    public func sum(
        _ shapes: [SumShape], over channel: ChannelRole,
        _ body: @Sendable (LogicalShard, [UnsafeMutableBufferPointer<Float>]) throws -> Void
    ) throws -> [[Float]] {
        try sum(shapes, channel, in: floats, body) { parts, shape, result in
            try exact.sum(parts, count: shape.count, name: shape.name, step: stepIndex, into: result)
        }
    }

    public func sumWide(
        _ shapes: [SumShape], over channel: ChannelRole,
        _ body: @Sendable (LogicalShard, [UnsafeMutableBufferPointer<Double>]) throws -> Void
    ) throws -> [[Double]] {
        try sum(shapes, channel, in: doubles, body) { parts, shape, result in
            try exact.sum(parts, count: shape.count, name: shape.name, step: stepIndex, into: result)
        }
    }

    public func collect(
        over channel: ChannelRole, _ body: @Sendable (LogicalShard) throws -> [UInt8]
    ) throws -> [[UInt8]] {
        let local = try localShards(channel)
        let slots = PieceSlots<[UInt8]>(count: local.count)
        try runTogether(local) { index, shard in slots.put(try body(shard), at: index) }
        // Each shard's bytes behind their length.
        var bytes: [UInt8] = []
        for part in slots.take() {
            withUnsafeBytes(of: UInt64(part?.count ?? 0).littleEndian) { bytes.append(contentsOf: $0) }
            bytes += part ?? []
        }
        return try communicator.allGather(bytes).flatMap { try Self.split($0) }
    }

    private func sum<Element: BinaryFloatingPoint & SendableMetatype>(
        _ shapes: [SumShape], _ channel: ChannelRole, in buffers: ShardBuffers<Element>,
        _ body: @Sendable (LogicalShard, [UnsafeMutableBufferPointer<Element>]) throws -> Void,
        _ add: ([UnsafeMutableBufferPointer<Element>], SumShape, UnsafeMutableBufferPointer<Element>) throws
            -> Void
    ) throws -> [[Element]] {
        let local = try localShards(channel)
        buffers.prepare(capacity: shapes.reduce(0) { $0 + $1.count })
        try runTogether(local) { index, shard in try body(shard, buffers.zeroed(index, shapes)) }
        return try shapes.enumerated().map { index, shape in
            activity.beginSum(of: shape.name)
            let parts = Array(buffers.parts(of: index, in: shapes).prefix(local.count))
            return try [Element](unsafeUninitializedCapacity: shape.count) { result, count in
                let whole = UnsafeMutableBufferPointer(rebasing: result[..<shape.count])
                do {
                    try add(parts, shape, whole)
                } catch let error as LockstepError where error.code == .numerics {
                    throw vote.share(error)  // An exact sum finds it on every rank.
                }
                count = shape.count
            }
        }
    }

    /// Runs `body` for each local shard on the team; an error on any rank is thrown on all.
    private func runTogether(
        _ local: [LogicalShard], _ body: @Sendable (Int, LogicalShard) throws -> Void
    ) throws {
        let failures = PieceSlots<any Error>(count: local.count)
        do {
            let activity = activity
            try team.run(local.count) { index in
                do {
                    activity.begin(.shard(local[index].index))
                    try body(index, local[index])
                    activity.advance()
                } catch {
                    failures.put(error, at: index)
                    throw error
                }
            }
        } catch {
            // Kept in `failures`. Pieces start in order, so the lowest shard that fails got to fail.
        }
        var failure: (order: Int, error: any Error)?
        for (shard, error) in zip(local, failures.take()) where failure == nil {
            if let error { failure = (shard.index, error) }
        }
        try vote.settle(failure)
    }

    private func localShards(_ channel: ChannelRole) throws -> [LogicalShard] {
        guard let local = shards[channel] else {
            throw vote.share(
                LockstepError(.bug, "the algorithm asks for channel \(channel.rawValue), which is absent"))
        }
        return local
    }

    private static func split(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var offset = 0
        while offset + 8 <= bytes.count {
            let count = (0..<8).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            offset += 8
            parts.append([UInt8](bytes[offset..<offset + count]))
            offset += count
        }
        return parts
    }
}
