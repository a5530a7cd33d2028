import Diagnostics
import Foundation
import RecordOrder
import Storage
import Tensors
import Training

/// The records of the training benchmark, in memory: Fashion-MNIST, or made-up ones of its shape.
struct TrainBenchData {
    let name: String
    let width: Int
    let values: [Float]
    let classes: [Float]
    var recordCount: Int { classes.count }

    static func load(folder: String?, limit: Int) throws -> TrainBenchData {
        guard limit >= 1000 else { throw LockstepError(.usage, "--records must be at least 1000") }
        guard let folder else { return madeUp(limit) }
        func bytes(_ name: String) throws -> ArraySlice<UInt8> {
            let path = folder + "/" + name
            return try GzipBytes.decompress(AtomicFile.read(path), source: path)[...]
        }
        let labels = try bytes("train-labels-idx1-ubyte.gz").dropFirst(8)
        let pixels = try bytes("train-images-idx3-ubyte.gz").dropFirst(16)
        let count = min(limit, labels.count)
        guard pixels.count == labels.count * 784 else {
            throw LockstepError(.data, "\(folder) does not hold 28 × 28 images with a label each")
        }
        return TrainBenchData(
            name: "Fashion-MNIST", width: 784, values: pixels.prefix(count * 784).map { Float($0) },
            classes: labels.prefix(count).map { Float($0) })
    }

    /// Ten noisy patterns of 784 values from 0 to 255.
    private static func madeUp(_ count: Int) -> TrainBenchData {
        let key = RandomKey(seed: 1)
        let patterns = (0..<10 * 784).map { Float(key.child(.index($0)).unit * 255) }
        var values: [Float] = []
        values.reserveCapacity(count * 784)
        for record in 0..<count {
            var word = key.child(.step(record)).bits
            for column in 0..<784 {
                word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let noise = Float(word >> 56)
                values.append((patterns[record % 10 * 784 + column] + noise) / 2)
            }
        }
        return TrainBenchData(
            name: "made-up records", width: 784, values: values,
            classes: (0..<count).map { Float($0 % 10) })
    }

    /// All logical shards, as the runtime cuts them.
    func shards(_ count: Int, labels: TrainBenchWorkload.Labels) -> [LogicalShard] {
        (0..<count).map { index in
            let range = index * recordCount / count..<(index + 1) * recordCount / count
            let own = classes[range]
            let ownLabels: [Float] =
                switch labels {
                case .classes: Array(own)
                case .binary: own.map { $0 >= 5 ? 1 : 0 }
                case .none: []
                }
            let matrix = DenseMatrix(
                rows: range.count, columns: width,
                values: Array(values[range.lowerBound * width..<range.upperBound * width]))
            return LogicalShard(
                index: index, count: count, firstRecord: range.lowerBound,
                records: Records(features: .dense(matrix), labels: ownLabels), seed: 1)
        }
    }
}
