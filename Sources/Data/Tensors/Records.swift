/// Row-major dense features, `[rows, columns]`.
public struct DenseMatrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// `rows * columns` values, row-major.
    public var values: [Float]

    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(rows) × \(columns) is not \(values.count)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }
}

/// Sparse features in compressed rows (CSR), `[rows, columns]`; column indices ascend in a row.
public struct SparseMatrix: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// `rows + 1` offsets into `columnIndices` and `values`.
    public var rowOffsets: [Int]
    public var columnIndices: [Int32]
    public var values: [Float]

    public init(rows: Int, columns: Int, rowOffsets: [Int], columnIndices: [Int32], values: [Float]) {
        precondition(rowOffsets.count == rows + 1, "CSR needs rows + 1 offsets")
        precondition(
            columnIndices.count == values.count && rowOffsets[rows] == values.count,
            "CSR offsets, indices and values disagree")
        self.rows = rows
        self.columns = columns
        self.rowOffsets = rowOffsets
        self.columnIndices = columnIndices
        self.values = values
    }
}

public enum FeatureMatrix: Sendable, Equatable {
    case dense(DenseMatrix)
    case sparse(SparseMatrix)

    public var rows: Int {
        switch self {
        case .dense(let matrix): matrix.rows
        case .sparse(let matrix): matrix.rows
        }
    }
    public var columns: Int {
        switch self {
        case .dense(let matrix): matrix.columns
        case .sparse(let matrix): matrix.columns
        }
    }
}

/// Rows with labels: a logical shard, or the part of a batch that comes from one.
public struct Records: Sendable, Equatable {
    public var features: FeatureMatrix
    /// One label a row, or empty where the channel has none.
    public var labels: [Float]

    public init(features: FeatureMatrix, labels: [Float]) {
        precondition(labels.isEmpty || labels.count == features.rows, "one label a row, or none")
        self.features = features
        self.labels = labels
    }
    public var count: Int { features.rows }

    /// The rows at `indices`, in that order, copied together.
    public func gathering(_ indices: [Int]) -> Records {
        Records(
            features: features.gathering(indices),
            labels: labels.isEmpty ? [] : indices.map { labels[$0] })
    }
}

extension FeatureMatrix {
    /// The rows at `indices`, in that order, copied together.
    public func gathering(_ indices: [Int]) -> FeatureMatrix {
        switch self {
        case .dense(let matrix): .dense(matrix.gathering(indices))
        case .sparse(let matrix): .sparse(matrix.gathering(indices))
        }
    }
}

extension DenseMatrix {
    /// The rows at `indices`, in that order, copied together.
    public func gathering(_ indices: [Int]) -> DenseMatrix {
        let columns = columns
        let rowBytes = columns * MemoryLayout<Float>.stride
        let values = [Float](unsafeUninitializedCapacity: indices.count * columns) { out, count in
            self.values.withUnsafeBytes { source in
                guard let from = source.baseAddress, let base = out.baseAddress, rowBytes > 0 else { return }
                var to = UnsafeMutableRawPointer(base)
                for index in indices {
                    precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
                    to.copyMemory(from: from + index * rowBytes, byteCount: rowBytes)
                    to += rowBytes
                }
            }
            count = indices.count * columns
        }
        return DenseMatrix(rows: indices.count, columns: columns, values: values)
    }
}

extension SparseMatrix {
    /// The rows at `indices`, in that order, copied together.
    public func gathering(_ indices: [Int]) -> SparseMatrix {
        var offsets: [Int] = [0]
        offsets.reserveCapacity(indices.count + 1)
        var total = 0
        for index in indices {
            precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
            total += rowOffsets[index + 1] - rowOffsets[index]
            offsets.append(total)
        }
        return SparseMatrix(
            rows: indices.count, columns: columns, rowOffsets: offsets,
            columnIndices: gathering(columnIndices, rows: indices, total: total),
            values: gathering(values, rows: indices, total: total))
    }

    /// The entries of `rows` out of one of the two entry arrays.
    private func gathering<T: BitwiseCopyable>(_ entries: [T], rows: [Int], total: Int) -> [T] {
        [T](unsafeUninitializedCapacity: total) { out, count in
            entries.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress, var to = out.baseAddress else { return }
                for row in rows {
                    let length = rowOffsets[row + 1] - rowOffsets[row]
                    to.update(from: from + rowOffsets[row], count: length)
                    to += length
                }
            }
            count = total
        }
    }
}
