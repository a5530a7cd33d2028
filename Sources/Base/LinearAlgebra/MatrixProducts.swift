import COpenBLAS

/// Products of row-major Float matrices in caller's memory. Single-threaded; see `LinearAlgebra`.
public enum MatrixProducts {
    /// `out = left · rightᵀ`, shapes [rows, inner] · [columns, inner]ᵀ = [rows, columns].
    public static func timesTransposed(
        _ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>,
        into out: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int, inner: Int
    ) {
        guard rows > 0, columns > 0, inner > 0 else { return }
        precondition(left.count >= rows * inner, "left is not [\(rows), \(inner)]")
        precondition(right.count >= columns * inner, "right is not [\(columns), \(inner)]")
        precondition(out.count >= rows * columns, "out is not [\(rows), \(columns)]")
        if columns == 1 {
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, blas(rows), blas(inner), 1, left.baseAddress, blas(inner),
                right.baseAddress, 1, 0, out.baseAddress, 1)
            return
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blas(rows), blas(columns), blas(inner), 1,
            left.baseAddress, blas(inner), right.baseAddress, blas(inner), 0, out.baseAddress,
            blas(columns))
    }

    /// `out += leftᵀ · right`, shapes [rows, outer]ᵀ · [rows, columns] = [outer, columns].
    public static func addTransposedTimes(
        _ left: UnsafeBufferPointer<Float>, _ right: UnsafeBufferPointer<Float>,
        into out: UnsafeMutableBufferPointer<Float>, rows: Int, outer: Int, columns: Int
    ) {
        guard rows > 0, outer > 0, columns > 0 else { return }
        precondition(left.count >= rows * outer, "left is not [\(rows), \(outer)]")
        precondition(right.count >= rows * columns, "right is not [\(rows), \(columns)]")
        precondition(out.count >= outer * columns, "out is not [\(outer), \(columns)]")
        if outer == 1 {
            cblas_sgemv(
                CblasRowMajor, CblasTrans, blas(rows), blas(columns), 1, right.baseAddress,
                blas(columns), left.baseAddress, 1, 1, out.baseAddress, 1)
            return
        }
        cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, blas(outer), blas(columns), blas(rows), 1,
            left.baseAddress, blas(outer), right.baseAddress, blas(columns), 1, out.baseAddress,
            blas(columns))
    }

    /// BLAS counts are 32-bit; a matrix side beyond that is a programmer's error.
    private static func blas(_ count: Int) -> Int32 {
        guard let small = Int32(exactly: count) else {
            preconditionFailure("a matrix side of \(count) does not fit BLAS")
        }
        return small
    }
}
