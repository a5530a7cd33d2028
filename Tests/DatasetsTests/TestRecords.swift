import Tensors

extension Records {
    /// Records with values of many shapes, the same for equal arguments; labels are 0, 1 or 2.
    static func random(_ count: Int, width: Int, isSparse: Bool, seed: UInt64) -> Records {
        var random = DecimalReadingTests.SplitMix(state: seed)
        let labels = (0..<count).map { _ in Float(Int.random(in: 0...2, using: &random)) }
        func value() -> Float {
            switch Int.random(in: 0...3, using: &random) {
            case 0: Float(Int.random(in: -300...300, using: &random))
            case 1: Float.random(in: -1...1, using: &random)
            case 2: Float.random(in: -1e30...1e30, using: &random)
            default: Float.random(in: -1e-30...1e-30, using: &random)
            }
        }
        guard isSparse else {
            let values = (0..<count * width).map { _ in value() }
            return Records(
                features: .dense(DenseMatrix(rows: count, columns: width, values: values)), labels: labels)
        }
        var (offsets, columns, values) = ([0], [Int32](), [Float]())
        for _ in 0..<count {
            // Every tenth row is empty.
            if Int.random(in: 0..<10, using: &random) > 0 {
                for column in 0..<width where Int.random(in: 0..<4, using: &random) == 0 {
                    columns.append(Int32(column))
                    values.append(value())
                }
            }
            offsets.append(values.count)
        }
        let matrix = SparseMatrix(
            rows: count, columns: width, rowOffsets: offsets, columnIndices: columns, values: values)
        return Records(features: .sparse(matrix), labels: labels)
    }

    /// All rows of `parts` in one.
    static func joining(_ parts: [Records]) -> Records {
        let rows = parts.reduce(0) { $0 + $1.count }
        let labels = parts.flatMap(\.labels)
        if case .dense(let first) = parts[0].features {
            let values = parts.flatMap { part -> [Float] in
                guard case .dense(let matrix) = part.features else { return [] }
                return matrix.values
            }
            return Records(
                features: .dense(DenseMatrix(rows: rows, columns: first.columns, values: values)),
                labels: labels)
        }
        var (offsets, columns, values) = ([0], [Int32](), [Float]())
        for part in parts {
            guard case .sparse(let matrix) = part.features else { continue }
            let base = values.count
            offsets += matrix.rowOffsets.dropFirst().map { $0 + base }
            columns += matrix.columnIndices
            values += matrix.values
        }
        return Records(
            features: .sparse(
                SparseMatrix(
                    rows: rows, columns: parts[0].features.columns, rowOffsets: offsets,
                    columnIndices: columns, values: values)), labels: labels)
    }
}
