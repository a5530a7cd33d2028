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
        matrix.values.withUnsafeBytes { values in
            shift.withUnsafeBytes { shift in
                (factor ?? []).withUnsafeBytes { factor in
                    var target = UnsafeMutableRawBufferPointer(out)
                    let rowBytes = width * MemoryLayout<Float>.stride
                    for row in rows {
                        precondition(row >= 0 && row < matrix.rows, "row \(row) of \(matrix.rows)")
                        let source = UnsafeRawBufferPointer(
                            rebasing: values[row * rowBytes..<(row + 1) * rowBytes])
                        if factor.isEmpty {
                            shifted(source, shift, into: target)
                        } else {
                            scaled(source, shift, factor, into: target)
                        }
                        target = UnsafeMutableRawBufferPointer(rebasing: target[rowBytes...])
                    }
                }
            }
        }
    }

    private static let lane = MemoryLayout<SIMD8<Float>>.stride

    // Eight values at a time by hand: the compiler cannot know that the pointers do not overlap.

    @inline(__always)
    private static func scaled(
        _ source: UnsafeRawBufferPointer, _ shift: UnsafeRawBufferPointer,
        _ factor: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer
    ) {
        var offset = 0
        while offset + lane <= source.count {
            let values = source.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            let shifts = shift.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            let factors = factor.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            out.storeBytes(of: (values - shifts) * factors, toByteOffset: offset, as: SIMD8<Float>.self)
            offset += lane
        }
        while offset < source.count {
            let value = source.loadUnaligned(fromByteOffset: offset, as: Float.self)
            let shift = shift.loadUnaligned(fromByteOffset: offset, as: Float.self)
            let factor = factor.loadUnaligned(fromByteOffset: offset, as: Float.self)
            out.storeBytes(of: (value - shift) * factor, toByteOffset: offset, as: Float.self)
            offset += MemoryLayout<Float>.stride
        }
    }

    @inline(__always)
    private static func shifted(
        _ source: UnsafeRawBufferPointer, _ shift: UnsafeRawBufferPointer,
        into out: UnsafeMutableRawBufferPointer
    ) {
        var offset = 0
        while offset + lane <= source.count {
            let values = source.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            let shifts = shift.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            out.storeBytes(of: values - shifts, toByteOffset: offset, as: SIMD8<Float>.self)
            offset += lane
        }
        while offset < source.count {
            let value = source.loadUnaligned(fromByteOffset: offset, as: Float.self)
            let shift = shift.loadUnaligned(fromByteOffset: offset, as: Float.self)
            out.storeBytes(of: value - shift, toByteOffset: offset, as: Float.self)
            offset += MemoryLayout<Float>.stride
        }
    }
}
