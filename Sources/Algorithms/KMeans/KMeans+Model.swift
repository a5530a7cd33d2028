import AlgorithmSpecs
import Tensors
public import Training

extension KMeans {
    /// Distances of the `test` channel (of `train` where there is none) to the k centres.
    public mutating func finish(_ context: any StepContext) throws -> [Metric] {
        if !inner.counters.isPrepared { try prepare(context) }
        let channel: ChannelRole = data.testCount == nil ? .train : .test
        let kernel = CentreKernel(centres: finalCentres, offset: inner.offset, isSparse: data.isSparse)
        let sums = try context.sumWide(
            [SumShape("squared distances", 1), SumShape("records", 1)], over: channel
        ) { shard, out in
            let rows = Array(0..<shard.records.count)
            kernel.forEachNearest(of: shard.records.features, rows: rows) { match, _ in
                out[0][0] += match.squaredDistance
            }
            out[1][0] = Double(shard.records.count)
        }
        return metrics(channel, distance: sums[0][0], records: sums[1][0])
    }

    /// `centers` [k, features], in the units of the data.
    public func model() -> Model {
        let width = data.featureCount
        let centres = finalCentres.enumerated().map { index, value in
            Float(Double(value) + Double(inner.offset[index % width]))
        }
        return Model(
            tensors: NamedTensors([
                ("centers", Tensor(centres, shape: [configuration.clusters, width]))
            ]),
            description: [
                "algorithm": Self.spec.name, "k": String(configuration.clusters),
                "feature_dim": String(width),
            ])
    }
}
