public import Threading

/// Sums arrays over all logical shards of a world, to the same bits for every world size.
///
/// Each shard's values are scaled by a power of two that all shards of the world agree on, rounded
/// to integers and added as integers, which is associative. So the result depends neither on who holds
/// which shard nor on threads nor on the order in which MPI reduces. docs/internals/exact-sums.md has
/// the method, its proof and its error bound.
///
/// One caller at a time; every rank makes the same calls in the same order.
public final class ExactSum {
    private let communicator: any Communicator
    private let team: ThreadTeam
    private let floats: FixedPointSum<FloatBlocks>
    private let doubles: FixedPointSum<DoubleElements>

    /// - Parameters:
    ///   - team: threads that scale and round; they take ranges of elements.
    ///   - shardCount: V, the number of logical shards in the world, 1 to 65,536. Fixed for the life of
    ///     a job: it sets the headroom, and so the result.
    public init(communicator: any Communicator, team: ThreadTeam, shardCount: Int) {
        precondition((1...65_536).contains(shardCount), "a world has 1 to 65,536 logical shards")
        self.communicator = communicator
        self.team = team
        floats = FixedPointSum(shardCount: shardCount)
        doubles = FixedPointSum(shardCount: shardCount)
    }

    /// The sum of `parts` over all shards of all ranks, on every rank. Collective.
    ///
    /// Each block of 1,024 values is added in units of 2^(E + h − 30), where 2^E is the largest power
    /// of two not above any magnitude of the block in the world and h the headroom, ⌈log2 V⌉ bits.
    /// A sum of zeros is +0.
    ///
    /// - Parameters:
    ///   - parts: one buffer of `count` values for each logical shard of this rank; none is allowed.
    ///   - name: of the tensor, for errors.
    ///   - step: for errors.
    ///   - result: `count` values; must not overlap the parts. Unspecified after a throw.
    /// - Throws: `LockstepError(.numerics)` that names tensor, step and first element when a value is NaN
    ///   or infinite or the sum leaves the range of Float: the same error on every rank.
    public func sum(
        _ parts: [UnsafeMutableBufferPointer<Float>], count: Int, name: String, step: Int,
        into result: UnsafeMutableBufferPointer<Float>
    ) throws {
        try floats.sum(parts, into: result, task(count, name, step))
    }

    /// The sum of `parts` over all shards of all ranks, on every rank. Collective.
    ///
    /// Each element has a unit of its own and keeps full double precision: the largest magnitude of an
    /// element is added with all its 53 bits (up to 1,024 shards).
    ///
    /// - Parameters: as for `Float`.
    /// - Throws: as for `Float`.
    public func sum(
        _ parts: [UnsafeMutableBufferPointer<Double>], count: Int, name: String, step: Int,
        into result: UnsafeMutableBufferPointer<Double>
    ) throws {
        try doubles.sum(parts, into: result, task(count, name, step))
    }

    private func task(_ count: Int, _ name: String, _ step: Int) -> SumTask {
        SumTask(count: count, name: name, step: step, team: team, communicator: communicator)
    }
}

/// What one call of `sum` is about.
struct SumTask {
    let count: Int
    let name: String
    let step: Int
    let team: ThreadTeam
    let communicator: any Communicator
}
