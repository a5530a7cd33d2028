import LockstepTraining

extension PCA {
    static var predictor: (any Predictor.Type)? { Projection.self }
}

/// Scores a record by its coordinates along the axes.
struct Projection: Predictor {
    let mean: [Double], axes: [[Double]]
    var featureCount: Int { mean.count }

    init(model: Model) throws {
        guard model.tensors["mean"] != nil, model.tensors["axes"] != nil else {
            throw LockstepError(.data, "the model has no tensors mean and axes")
        }
        (mean, axes) = (model.tensors.doubles("mean"), model.tensors.doubleRows("axes"))
    }

    func predict(_ features: FeatureMatrix) throws -> [Prediction] {
        try PredictorInput.check(features, width: featureCount)
        let rows = features.densified
        return (0..<rows.rows).map { row in
            let x = mean.indices.map { Double(rows[row, $0]) - mean[$0] }
            return Prediction([("projection", .numbers(axes.map { dot(x, $0) }))])
        }
    }
}
