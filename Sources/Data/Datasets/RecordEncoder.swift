import Diagnostics
package import Tensors

/// Turns records into the bytes of one of the formats.
package struct RecordEncoder {
    private let format: DataFormat
    private let recordIO: RecordIOEncoder

    /// - Parameters:
    ///   - width: features a row.
    ///   - hasLabels: whether the records carry labels.
    package init(_ format: DataFormat, width: Int, hasLabels: Bool) throws {
        guard format != .libsvm || hasLabels else {
            throw LockstepError(
                .usage,
                "libsvm rows begin with a label and these records have none; "
                    + "choose another format, or give the labels")
        }
        self.format = format
        recordIO = RecordIOEncoder(width: width, hasLabels: hasLabels)
    }

    /// Appends `records` to `bytes`.
    ///
    /// - Throws: `LockstepError(.data)` when the format cannot hold them.
    package func append(_ records: Records, to bytes: inout [UInt8]) throws {
        switch (format, records.features) {
        case (.csv, .dense(let matrix)): Self.appendCSV(matrix, records.labels, &bytes)
        case (.csv, .sparse(let matrix)): Self.appendCSV(matrix, records.labels, &bytes)
        case (.libsvm, .dense(let matrix)):
            try Self.appendLibsvm(Self.sparse(matrix), records.labels, &bytes)
        case (.libsvm, .sparse(let matrix)): try Self.appendLibsvm(matrix, records.labels, &bytes)
        case (.recordIO, .dense(let matrix)): try recordIO.append(matrix, records.labels, &bytes)
        case (.recordIO, .sparse(let matrix)): try recordIO.append(matrix, records.labels, &bytes)
        }
    }

    private static func appendCSV(_ matrix: DenseMatrix, _ labels: [Float], _ bytes: inout [UInt8]) {
        for row in 0..<matrix.rows {
            if !labels.isEmpty {
                DecimalWriter.append(labels[row], to: &bytes)
                bytes.append(UInt8(ascii: ","))
            }
            for column in 0..<matrix.columns {
                if column > 0 { bytes.append(UInt8(ascii: ",")) }
                DecimalWriter.append(matrix.values[row * matrix.columns + column], to: &bytes)
            }
            endRow(&bytes, isBlank: labels.isEmpty && matrix.columns == 1)
        }
    }

    private static func appendCSV(_ matrix: SparseMatrix, _ labels: [Float], _ bytes: inout [UInt8]) {
        for row in 0..<matrix.rows {
            if !labels.isEmpty {
                DecimalWriter.append(labels[row], to: &bytes)
                bytes.append(UInt8(ascii: ","))
            }
            var entry = matrix.rowOffsets[row]
            let end = matrix.rowOffsets[row + 1]
            for column in 0..<matrix.columns {
                if column > 0 { bytes.append(UInt8(ascii: ",")) }
                if entry < end, matrix.columnIndices[entry] == Int32(column) {
                    DecimalWriter.append(matrix.values[entry], to: &bytes)
                    entry += 1
                } else {
                    bytes.append(UInt8(ascii: "0"))
                }
            }
            endRow(&bytes, isBlank: labels.isEmpty && matrix.columns == 1)
        }
    }

    /// Ends a row; a single missing value is quoted, since a blank line would not count as a row.
    private static func endRow(_ bytes: inout [UInt8], isBlank: Bool) {
        if isBlank, bytes.last == nil || bytes.last == UInt8(ascii: "\n") {
            bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: "\"")])
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func appendLibsvm(
        _ matrix: SparseMatrix, _ labels: [Float], _ bytes: inout [UInt8]
    ) throws {
        for row in 0..<matrix.rows {
            DecimalWriter.append(labels[row], to: &bytes)
            for entry in matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1] {
                guard !matrix.values[entry].isNaN else {
                    throw LockstepError(
                        .data,
                        "feature \(matrix.columnIndices[entry]) of a record is missing, which libsvm cannot "
                            + "say; write csv or recordio")
                }
                bytes.append(UInt8(ascii: " "))
                DecimalWriter.append(Int(matrix.columnIndices[entry]), to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                DecimalWriter.append(matrix.values[entry], to: &bytes)
            }
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// The entries of `matrix` that are not zero.
    private static func sparse(_ matrix: DenseMatrix) -> SparseMatrix {
        var offsets: [Int] = [0]
        var columns: [Int32] = []
        var values: [Float] = []
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns {
                let value = matrix.values[row * matrix.columns + column]
                guard value != 0 else { continue }
                columns.append(Int32(column))
                values.append(value)
            }
            offsets.append(values.count)
        }
        return SparseMatrix(
            rows: matrix.rows, columns: matrix.columns, rowOffsets: offsets, columnIndices: columns,
            values: values)
    }
}
