public import AlgorithmSpecs
import LinearAlgebra
import RecordOrder
public import Tensors
public import Training

#if canImport(Glibc)
    import Glibc
#endif

/// k-means on mini-batches with per-centre step sizes (Sculley, WWW 2010, algorithm 1), taking a
/// batch's records together rather than one by one, or by full passes (Lloyd 1982).
///
/// A step is one mini-batch of the whole world, or one pass; the first also chooses the first centres
/// from a sample. docs/algorithms/kmeans.md has methods and formats.
public struct KMeans: Algorithm {
    public static var spec: AlgorithmSpec { .kmeans }
    public static var predictor: (any Predictor.Type)? { KMeansPredictor.self }

    let configuration: KMeansConfiguration
    let data: DataDescription
    let plan: BatchPlan
    var inner: KMeansState

    /// The centres, and sums of the records of each.
    public static func featureMemory(
        _ hyperparameters: ResolvedHyperparameters, data: DataDescription
    ) -> FeatureMemory {
        let centres =
            (try? KMeansConfiguration(hyperparameters, data: data).centres)
            ?? min(hyperparameters.integer("k") ?? 1, data.recordCount)
        return FeatureMemory(state: 4 * centres + 4, sums: 8 * centres)
    }

    public init(hyperparameters: ResolvedHyperparameters, data: DataDescription) throws {
        LinearAlgebra.prepare()
        configuration = try KMeansConfiguration(hyperparameters, data: data)
        self.data = data
        let isFull = configuration.mode == .full
        plan = BatchPlan(
            recordCount: data.recordCount, shardCount: data.logicalShardCount,
            batchSize: isFull ? data.recordCount : configuration.batchSize)
        inner = KMeansState(
            centres: [Float](repeating: 0, count: configuration.centres * data.featureCount),
            weights: [Double](repeating: 0, count: configuration.centres),
            offset: [Float](repeating: 0, count: data.featureCount))
    }

    public var state: NamedTensors {
        get { inner.tensors }
        set { inner.restore(newValue) }
    }

    private var epochLimit: Int {
        configuration.mode == .full ? configuration.maxPasses : configuration.epochs
    }

    public var isFinished: Bool {
        inner.counters.hasConverged || inner.counters.epoch >= epochLimit
    }

    public mutating func step(_ context: any StepContext) throws -> StepReport {
        if !inner.counters.isPrepared { try prepare(context) }
        let (epoch, batch) = (inner.counters.epoch, inner.counters.batch)
        let sums = try assign(context)
        let movement = configuration.mode == .full ? replaceCentres(sums) : blendCentres(sums)
        let records = sums.counts.reduce(0, +)
        inner.epochDistance += sums.distance
        inner.epochRecords += records
        inner.counters.batch += 1
        let done = Double(epoch * plan.batchCount + batch + 1)
        var report = StepReport(
            epoch: epoch, recordCount: Int(records),
            loss: records > 0 ? sums.distance / records : nil,
            progress: done / Double(epochLimit * plan.batchCount))
        if inner.counters.batch == plan.batchCount {
            report.metrics = metrics(
                .train, distance: inner.epochDistance, records: inner.epochRecords)
            report.endsEpoch = true
            inner.counters.batch = 0
            inner.counters.epoch += 1
            inner.counters.hasConverged =
                configuration.mode == .full && movement <= inner.movementGoal
            (inner.epochDistance, inner.epochRecords) = (0, 0)
            if isFinished { report.progress = 1 }
        }
        return report
    }

    /// What a batch says of each centre.
    private struct BatchSums {
        /// [K, features], relative to the offset.
        var rows: [Double]
        var counts: [Double]
        var distance: Double
    }

    private func assign(_ context: any StepContext) throws -> BatchSums {
        let kernel = CentreKernel(centres: inner.centres, offset: inner.offset, isSparse: data.isSparse)
        let (epoch, batch, batchCount) = (inner.counters.epoch, inner.counters.batch, plan.batchCount)
        let width = data.featureCount
        let sums = try context.sumWide(
            [
                SumShape("sums of clusters", inner.centres.count),
                SumShape("counts of clusters", kernel.count), SumShape("squared distances", 1),
            ], over: .train
        ) { shard, out in
            let rows =
                batchCount == 1
                ? Array(0..<shard.records.count)
                : shard.batchRows(epoch: epoch, batch: batch, of: batchCount)
            kernel.forEachNearest(of: shard.records.features, rows: rows) { match, row in
                let start = match.centre * width
                row.add(to: UnsafeMutableBufferPointer(rebasing: out[0][start..<start + width]))
                out[1][match.centre] += 1
                out[2][0] += match.squaredDistance
            }
        }
        return BatchSums(rows: sums[0], counts: sums[1], distance: sums[2][0])
    }

    /// Full mode: each centre to the mean of its records, an empty one stays. Returns the sum of
    /// squared movements.
    private mutating func replaceCentres(_ sums: BatchSums) -> Double {
        let width = data.featureCount
        var movement = 0.0
        for (centre, count) in sums.counts.enumerated() {
            inner.weights[centre] = count
            guard count > 0 else { continue }
            for index in centre * width..<(centre + 1) * width {
                let moved = Float(sums.rows[index] / count)
                let difference = Double(moved) - Double(inner.centres[index])
                movement += difference * difference
                inner.centres[index] = moved
            }
        }
        return movement
    }

    /// Mini-batch mode: c ← (1 − p)·c + p·mean with p = m / (n + m), after n has decayed by half for
    /// every `half_life_time_size` records of the batch.
    private mutating func blendCentres(_ sums: BatchSums) -> Double {
        let width = data.featureCount
        let records = sums.counts.reduce(0, +)
        let decay =
            configuration.halfLife > 0 ? exp2(-records / Double(configuration.halfLife)) : 1
        for (centre, count) in sums.counts.enumerated() {
            let old = inner.weights[centre] * decay
            inner.weights[centre] = old + count
            guard count > 0 else { continue }
            let share = count / (old + count)
            for index in centre * width..<(centre + 1) * width {
                let own = Double(inner.centres[index])
                inner.centres[index] = Float(own + share * (sums.rows[index] / count - own))
            }
        }
        return .infinity
    }

    func metrics(_ channel: ChannelRole, distance: Double, records: Double) -> [Metric] {
        var metrics: [Metric] = []
        if configuration.reportsMean {
            metrics.append(
                Metric(
                    channel: channel.rawValue, name: "msd", tag: .loss, value: distance / max(1, records)))
        }
        if configuration.reportsSum {
            metrics.append(
                Metric(channel: channel.rawValue, name: "ssd", tag: .loss, value: distance))
        }
        return metrics
    }
}
