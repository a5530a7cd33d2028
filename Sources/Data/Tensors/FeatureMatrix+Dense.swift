extension DenseMatrix {
    /// The value in row `row` and column `column`.
    @inlinable public subscript(row: Int, column: Int) -> Float { values[row * columns + column] }
}

extension FeatureMatrix {
    /// The rows with every zero written out; dense rows are not copied.
    public var densified: DenseMatrix {
        switch self {
        case .dense(let matrix): return matrix
        case .sparse(let matrix):
            var values = [Float](repeating: 0, count: matrix.rows * matrix.columns)
            for row in 0..<matrix.rows {
                for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
                    values[row * matrix.columns + Int(matrix.columnIndices[entry])] = matrix.values[entry]
                }
            }
            return DenseMatrix(rows: matrix.rows, columns: matrix.columns, values: values)
        }
    }
}
