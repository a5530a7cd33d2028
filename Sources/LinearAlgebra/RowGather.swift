public import Tensors

/// Copies chosen rows of a dense matrix together, changing them on the way.
public enum RowGather {
    /// `out[i, j] = (matrix[rows[i], j] − shift[j]) · factor[j]`, shapes [rows, columns].
    ///
    /// - Parameter factor: `nil` for 1.
    public static func normalised(
        _ matrix: DenseMatrix, rows: ArraySlice<Int>, shift: [Float], factor: [Float]?,
        into out: UnsafeMutableBufferPointer<Float>
    ) {
        let width = matrix.columns
        precondition(shift.count == width && out.count >= rows.count * width, "shapes differ")
        precondition(factor.map { $0.count == width } ?? true, "one factor a column")
        matrix.values.withUnsafeBufferPointer { values in
            shift.withUnsafeBufferPointer { shift in
                var target = 0
                for row in rows {
                    precondition(row >= 0 && row < matrix.rows, "row \(row) of \(matrix.rows)")
                    let source = row * width
                    if let factor {
                        factor.withUnsafeBufferPointer { factor in
                            for j in 0..<width {
                                out[target + j] = (values[source + j] - shift[j]) * factor[j]
                            }
                        }
                    } else {
                        for j in 0..<width { out[target + j] = values[source + j] - shift[j] }
                    }
                    target += width
                }
            }
        }
    }
}
