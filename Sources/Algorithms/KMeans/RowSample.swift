import RecordOrder
import Tensors
import Training

/// A sample of a channel's records on every rank: the same, in order of record, whoever owns them.
enum RowSample {
    /// `count` records of `total`, chosen by `key`.
    static func collect(
        _ count: Int, of total: Int, width: Int, isSparse: Bool, key: RandomKey,
        _ context: any StepContext
    ) throws -> FeatureMatrix {
        let permutation = KeyedPermutation(count: total, key: key)
        let chosen = (0..<count).map { permutation[$0] }.sorted()
        let parts = try context.collect(over: .train) { shard in
            let range = shard.firstRecord..<shard.firstRecord + shard.records.count
            return encode(
                shard.records.features, rows: chosen.filter(range.contains).map { $0 - shard.firstRecord })
        }
        return decode(parts, width: width, isSparse: isSparse)
    }

    /// Dense rows as their values; a sparse row as its count of non-zeros, their columns and values,
    /// in 32-bit words.
    private static func encode(_ features: FeatureMatrix, rows: [Int]) -> [UInt8] {
        var words: [UInt32] = []
        for row in rows {
            switch features {
            case .dense(let matrix):
                let start = row * matrix.columns
                words.append(contentsOf: matrix.values[start..<start + matrix.columns].map(\.bitPattern))
            case .sparse(let matrix):
                let entries = matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1]
                words.append(UInt32(entries.count))
                words.append(contentsOf: matrix.columnIndices[entries].map { UInt32(bitPattern: $0) })
                words.append(contentsOf: matrix.values[entries].map(\.bitPattern))
            }
        }
        return words.withUnsafeBytes { Array($0) }
    }

    private static func decode(_ parts: [[UInt8]], width: Int, isSparse: Bool) -> FeatureMatrix {
        var words: [UInt32] = []
        for part in parts {
            part.withUnsafeBytes { bytes in
                for offset in stride(from: 0, to: bytes.count, by: 4) {
                    words.append(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                }
            }
        }
        guard isSparse else {
            return .dense(
                DenseMatrix(
                    rows: words.count / width, columns: width,
                    values: words.map { Float(bitPattern: $0) }))
        }
        var offsets = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        var position = 0
        while position < words.count {
            let count = Int(words[position])
            let first = position + 1
            columns.append(contentsOf: words[first..<first + count].map { Int32(bitPattern: $0) })
            values.append(
                contentsOf: words[first + count..<first + 2 * count].map { Float(bitPattern: $0) })
            offsets.append(values.count)
            position = first + 2 * count
        }
        return .sparse(
            SparseMatrix(
                rows: offsets.count - 1, columns: width, rowOffsets: offsets, columnIndices: columns,
                values: values))
    }
}
