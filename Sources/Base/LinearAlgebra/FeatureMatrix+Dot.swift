public import Tensors

extension FeatureMatrix {
    /// Σ x[row, j] · weights[start + j], in double precision.
    public func dot(row: Int, _ weights: [Double], from start: Int) -> Double {
        var sum = 0.0
        switch self {
        case .dense(let matrix):
            let base = row * matrix.columns
            for column in 0..<matrix.columns {
                sum += Double(matrix.values[base + column]) * weights[start + column]
            }
        case .sparse(let matrix):
            for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
                sum += Double(matrix.values[entry]) * weights[start + Int(matrix.columnIndices[entry])]
            }
        }
        return sum
    }
}
