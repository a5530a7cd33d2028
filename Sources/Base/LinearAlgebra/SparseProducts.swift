/// Products of a block of sparse rows with dense matrices, in plain loops of fixed order.
public enum SparseProducts {
    /// `out = rows · right`, with `right` [features, columns] (transposed weights, so that a non-zero
    /// touches neighbours in memory) and `out` [rows, columns].
    ///
    /// - Parameter factor: a non-zero of column j counts as its value times `factor[j]`; `nil` for 1.
    public static func times(
        _ rows: SparseRows, _ right: UnsafeBufferPointer<Float>, columns: Int,
        factor: UnsafeBufferPointer<Float>?, into out: UnsafeMutableBufferPointer<Float>
    ) {
        for row in 0..<rows.count {
            let target = row * columns
            for column in 0..<columns { out[target + column] = 0 }
            for entry in rows.entries(of: row) {
                let feature = Int(rows.columnIndices[entry])
                var value = rows.values[entry]
                if let factor { value *= factor[feature] }
                let source = feature * columns
                for column in 0..<columns { out[target + column] += value * right[source + column] }
            }
        }
    }

    /// `out += rowsᵀ · right`, with `right` [rows, columns] and `out` [columns, features].
    public static func addTransposedTimes(
        _ rows: SparseRows, _ right: UnsafeBufferPointer<Float>, columns: Int, featureCount: Int,
        factor: UnsafeBufferPointer<Float>?, into out: UnsafeMutableBufferPointer<Float>
    ) {
        for row in 0..<rows.count {
            let source = row * columns
            for entry in rows.entries(of: row) {
                let feature = Int(rows.columnIndices[entry])
                var value = rows.values[entry]
                if let factor { value *= factor[feature] }
                for column in 0..<columns {
                    out[column * featureCount + feature] += value * right[source + column]
                }
            }
        }
    }
}
