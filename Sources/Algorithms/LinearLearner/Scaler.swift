import Tensors

/// How features and label are shifted and scaled before the mathematics sees them:
/// `x' = (x − shift) · factor`, `y' = (y − labelShift) / labelUnit`.
public struct Scaler: Sendable, Equatable {
    public var shift: [Float]
    /// One over the standard deviation; 0 for a feature that never changes, so that it gets no weight.
    public var factor: [Float]
    /// In units of the label; 0 and 1 in classification.
    public var labelShift: Double
    public var labelUnit: Double

    /// Changes nothing.
    public static func identity(featureCount: Int) -> Scaler {
        Scaler(
            shift: [Float](repeating: 0, count: featureCount),
            factor: [Float](repeating: 1, count: featureCount), labelShift: 0, labelUnit: 1)
    }
}

/// Sums over one shard that lead to mean and deviation: two passes, the second around the mean of
/// the first, so that nothing cancels.
enum ScalerSums {
    /// Adds every feature's values to `out`.
    static func addValues(of features: FeatureMatrix, to out: UnsafeMutableBufferPointer<Double>) {
        switch features {
        case .dense(let matrix):
            matrix.values.withUnsafeBufferPointer { values in
                for row in 0..<matrix.rows {
                    let base = row * matrix.columns
                    for column in 0..<matrix.columns { out[column] += Double(values[base + column]) }
                }
            }
        case .sparse(let matrix):
            for (column, value) in zip(matrix.columnIndices, matrix.values) {
                out[Int(column)] += Double(value)
            }
        }
    }

    /// Adds every feature's squared distance from `mean` to `out`. Zeros that a sparse matrix leaves
    /// out count like others.
    static func addSquares(
        of features: FeatureMatrix, around mean: [Double], to out: UnsafeMutableBufferPointer<Double>
    ) {
        switch features {
        case .dense(let matrix):
            matrix.values.withUnsafeBufferPointer { values in
                mean.withUnsafeBufferPointer { mean in
                    for row in 0..<matrix.rows {
                        let base = row * matrix.columns
                        for column in 0..<matrix.columns {
                            let distance = Double(values[base + column]) - mean[column]
                            out[column] += distance * distance
                        }
                    }
                }
            }
        case .sparse(let matrix):
            var stored = [Int](repeating: 0, count: matrix.columns)
            for (column, value) in zip(matrix.columnIndices, matrix.values) {
                let distance = Double(value) - mean[Int(column)]
                out[Int(column)] += distance * distance
                stored[Int(column)] += 1
            }
            for column in 0..<matrix.columns {
                out[column] += Double(matrix.rows - stored[column]) * mean[column] * mean[column]
            }
        }
    }
}
