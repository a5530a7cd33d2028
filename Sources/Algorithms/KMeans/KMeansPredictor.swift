import Diagnostics
public import Tensors
public import Training

/// Finds the nearest centre of a kmeans model and its Euclidean distance, in double precision.
public struct KMeansPredictor: Predictor {
    public let featureCount: Int
    private let count: Int
    private let centres: [Double]
    private let norms: [Double]

    public init(model: Model) throws {
        guard let tensor = model.tensors["centers"], tensor.shape.count == 2, tensor.shape[0] > 0,
            tensor.shape[1] > 0, tensor.elementType == .float32
        else { throw LockstepError(.data, "the model needs an F32 tensor centers [k, features]") }
        count = tensor.shape[0]
        featureCount = tensor.shape[1]
        let values = tensor.floats.map { Double($0) }
        try PredictorInput.checkFinite("centers", values)
        centres = values
        let width = featureCount
        norms = (0..<count).map { centre in
            values[centre * width..<(centre + 1) * width].reduce(0) { $0 + $1 * $1 }
        }
    }

    public func predict(_ features: FeatureMatrix) throws -> [Prediction] {
        try PredictorInput.check(features, width: featureCount)
        return (0..<features.rows).map { row in
            var best = 0
            var least = Double.infinity
            for centre in 0..<count {
                let distance = squaredDistance(features, row: row, centre: centre)
                if distance < least { (best, least) = (centre, distance) }
            }
            return Prediction([
                ("closest_cluster", .number(Double(best))),
                ("distance_to_cluster", .number(least.squareRoot())),
            ])
        }
    }

    private func squaredDistance(_ features: FeatureMatrix, row: Int, centre: Int) -> Double {
        let start = centre * featureCount
        switch features {
        case .dense(let matrix):
            var sum = 0.0
            for column in 0..<featureCount {
                let difference =
                    Double(matrix.values[row * featureCount + column]) - centres[start + column]
                sum += difference * difference
            }
            return sum
        case .sparse(let matrix):
            var sum = norms[centre]
            for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
                let value = Double(matrix.values[entry])
                sum += value * (value - 2 * centres[start + Int(matrix.columnIndices[entry])])
            }
            return max(0, sum)
        }
    }

    /// Mean and sum of squared distances; labels play no part.
    public func metrics(_ predictions: [Prediction], labels: [Float]) -> [Metric] {
        guard !predictions.isEmpty else { return [] }
        let sum = predictions.reduce(0.0) { sum, prediction in
            guard case .number(let distance)? = prediction["distance_to_cluster"] else { return sum }
            return sum + distance * distance
        }
        return [
            Metric(channel: "test", name: "msd", tag: .loss, value: sum / Double(predictions.count)),
            Metric(channel: "test", name: "ssd", tag: .loss, value: sum),
        ]
    }
}
