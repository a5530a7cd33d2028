public import Tensors

/// Chosen rows of a CSR matrix, without copying them; valid inside the closure that lent them.
public struct SparseRows {
    public let columnIndices: UnsafeBufferPointer<Int32>
    public let values: UnsafeBufferPointer<Float>
    private let offsets: UnsafeBufferPointer<Int>
    private let rows: Slice<UnsafeBufferPointer<Int>>

    public var count: Int { rows.count }

    /// Positions of the non-zeros of the chosen row `row`, 0 ..< count.
    public func entries(of row: Int) -> Range<Int> {
        let index = rows[rows.startIndex + row]
        return offsets[index]..<offsets[index + 1]
    }

    /// The chosen rows `range` only.
    public func block(_ range: Range<Int>) -> SparseRows {
        SparseRows(
            columnIndices: columnIndices, values: values, offsets: offsets,
            rows: rows[rows.startIndex + range.lowerBound..<rows.startIndex + range.upperBound])
    }

    private init(
        columnIndices: UnsafeBufferPointer<Int32>, values: UnsafeBufferPointer<Float>,
        offsets: UnsafeBufferPointer<Int>, rows: Slice<UnsafeBufferPointer<Int>>
    ) {
        self.columnIndices = columnIndices
        self.values = values
        self.offsets = offsets
        self.rows = rows
    }

    /// Lends the rows of `matrix` at `indices`, in that order, to `body`.
    public static func with(
        _ matrix: SparseMatrix, rows indices: [Int], _ body: (SparseRows) throws -> Void
    ) rethrows {
        try matrix.columnIndices.withUnsafeBufferPointer { columnIndices in
            try matrix.values.withUnsafeBufferPointer { values in
                try matrix.rowOffsets.withUnsafeBufferPointer { offsets in
                    try indices.withUnsafeBufferPointer { indices in
                        try body(
                            SparseRows(
                                columnIndices: columnIndices, values: values, offsets: offsets,
                                rows: indices[...]))
                    }
                }
            }
        }
    }
}
