import AlgorithmSpecs
import Collectives
import Diagnostics
import Storage

/// About how much memory an algorithm takes for each feature of a record.
///
/// One row of data may claim two thousand million features; the runtime compares what that would take with
/// what there is before anything is allocated.
public struct FeatureMemory: Sendable, Equatable {
    /// Bytes of the state.
    public var state: Int
    /// Bytes of the largest sum that a logical shard adds up.
    public var sums: Int

    public init(state: Int, sums: Int) {
        self.state = state
        self.sums = sums
    }

    /// Times that the state is held: in training, as committed, as a checkpoint, in hot state and with
    /// gradients on the way.
    private static let copies = 6

    /// Bytes of a rank with `shardCount` logical shards; `nil` when that cannot be counted.
    func bytes(featureCount: Int, shardCount: Int) -> Int? {
        let (states, first) = state.multipliedReportingOverflow(by: Self.copies)
        let (buffers, second) = sums.multipliedReportingOverflow(by: shardCount + 2)
        let (each, third) = states.addingReportingOverflow(buffers)
        let (all, fourth) = each.multipliedReportingOverflow(by: featureCount)
        return first || second || third || fourth ? nil : all
    }
}

extension TrainingLoop {
    /// Refuses records that are too wide for the memory of this rank's host.
    ///
    /// - Throws: `LockstepError(.data)` naming the place that makes them so wide, and both numbers of bytes.
    func checkMemory(_ data: OpenedData) throws {
        let description = data.description
        let division = try ShardDivision(
            shardCount: description.logicalShardCount, ranks: communicator.size, threads: plan.threadCount,
            hasKeeper: setting.hasKeeper)
        let own = division.shards(ofRank: communicator.rank, of: communicator.size)
        let need = type.featureMemory(plan.hyperparameters, data: description)
            .bytes(featureCount: description.featureCount, shardCount: own.count)
        // Ranks that share a host share its memory.
        let host = places.isEmpty ? "" : places[communicator.rank].host
        let neighbours = max(1, places.filter { $0.host == host }.count)
        let all = need.map { $0.multipliedReportingOverflow(by: neighbours) }
        let given = plan.hyperparameters.integer("feature_dim")
        let place =
            given.map { "hyperparameter feature_dim is '\($0)'" } ?? data.sources[.train]?.widthPlace
            ?? "channel train"
        try AvailableMemory.require(
            all.flatMap { $0.overflow ? nil : $0.partialValue },
            for: "\(place): training a \(type.spec.name) model of \(description.featureCount) features")
    }
}
