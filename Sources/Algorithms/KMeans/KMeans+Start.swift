import RecordOrder
import Tensors
import Training

extension KMeans {
    enum Purpose {
        static let sample: UInt64 = 0x4B4D_0001
        static let start: UInt64 = 0x4B4D_0002
        static let reduction: UInt64 = 0x4B4D_0003
    }

    /// Chooses the first centres from a sample that every rank has, and the goal of full mode.
    mutating func prepare(_ context: any StepContext) throws {
        let key = RandomKey(seed: data.seed)
        let sample = try RowSample.collect(
            configuration.sampleSize(of: data.recordCount), of: data.recordCount,
            width: data.featureCount, isSparse: data.isSparse, key: key.child(.purpose(Purpose.sample)),
            context)
        inner.offset = Self.offset(of: sample)
        let points = LocalLloyd(
            points: sample, weights: [Double](repeating: 1, count: sample.rows), offset: inner.offset)
        let startKey = key.child(.purpose(Purpose.start))
        if configuration.mode == .full, configuration.start == .plusPlus {
            // Trials on the sample are cheap, passes over all records are not.
            let options = LocalLloyd.Options(
                start: .plusPlus, maxIterations: configuration.reduction.maxIterations,
                tolerance: 1e-3, trials: configuration.reduction.trials)
            inner.centres = points.centres(configuration.centres, options: options, key: startKey)
        } else {
            let chosen = points.start(configuration.centres, configuration.start, key: startKey)
            inner.centres = points.gathered(chosen)
        }
        if configuration.mode == .full { inner.movementGoal = try movementGoal(context) }
        inner.counters.isPrepared = true
    }

    /// The sample's mean, or 0 where rows are sparse.
    private static func offset(of sample: FeatureMatrix) -> [Float] {
        guard case .dense(let matrix) = sample else {
            return [Float](repeating: 0, count: sample.columns)
        }
        var sums = [Double](repeating: 0, count: matrix.columns)
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns {
                sums[column] += Double(matrix.values[row * matrix.columns + column])
            }
        }
        return sums.map { Float($0 / Double(matrix.rows)) }
    }

    /// `tolerance` times the mean variance of the features, around the offset and put right for it.
    private func movementGoal(_ context: any StepContext) throws -> Double {
        let width = data.featureCount
        let kernel = CentreKernel(
            centres: [Float](repeating: 0, count: width), offset: inner.offset, isSparse: data.isSparse)
        let sums = try context.sumWide(
            [SumShape("sum of features", width), SumShape("squares of features", 1)], over: .train
        ) { shard, out in
            let rows = Array(0..<shard.records.count)
            kernel.forEachNearest(of: shard.records.features, rows: rows) { match, row in
                row.add(to: out[0])
                out[1][0] += match.squaredDistance
            }
        }
        let records = Double(data.recordCount)
        let squaredMean = sums[0].reduce(0) { $0 + ($1 / records) * ($1 / records) }
        let variance = max(0, sums[1][0] / records - squaredMean)
        return configuration.tolerance * variance / Double(width)
    }

    /// The k centres of the model, relative to the offset: those in training, reduced where there are
    /// more. A function of the state.
    var finalCentres: [Float] {
        let width = data.featureCount
        guard configuration.centres > configuration.clusters, inner.counters.isPrepared else {
            return Array(inner.centres[0..<configuration.clusters * width])
        }
        // A centre that no record chose has no say, unless too few are left.
        let used = inner.weights.indices.filter { inner.weights[$0] > 0 }
        let kept = used.count >= configuration.clusters ? used : Array(inner.weights.indices)
        var values: [Float] = []
        for centre in kept { values += inner.centres[centre * width..<(centre + 1) * width] }
        let points = LocalLloyd(
            points: .dense(DenseMatrix(rows: kept.count, columns: width, values: values)),
            weights: kept.map { max(inner.weights[$0], 1e-9) },
            offset: [Float](repeating: 0, count: width))
        let key = RandomKey(seed: data.seed).child(.purpose(Purpose.reduction))
        return points.centres(configuration.clusters, options: configuration.reduction, key: key)
    }
}
