import CRecordFormat
import Diagnostics
import Tensors

/// Writes frames of RecordIO-protobuf in the canonical form: what SageMaker's SDK writes, never split.
struct RecordIOEncoder {
    private let template: DenseRecordTemplate

    init(width: Int, hasLabels: Bool) { template = DenseRecordTemplate(width: width, hasLabel: hasLabels) }

    func append(_ matrix: DenseMatrix, _ labels: [Float], _ bytes: inout [UInt8]) throws {
        bytes.reserveCapacity(bytes.count + matrix.rows * (template.byteCount + 12))
        for row in 0..<matrix.rows {
            try beginFrame(template.byteCount, &bytes)
            bytes.append(contentsOf: template.prefix)
            matrix.values.withUnsafeBufferPointer {
                let values = $0[row * matrix.columns..<(row + 1) * matrix.columns]
                bytes.append(contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values)))
            }
            if template.hasLabel {
                bytes.append(contentsOf: template.middle)
                withUnsafeBytes(of: labels[row]) { bytes.append(contentsOf: $0) }
            }
            endFrame(template.byteCount, &bytes)
        }
    }

    func append(_ matrix: SparseMatrix, _ labels: [Float], _ bytes: inout [UInt8]) throws {
        for row in 0..<matrix.rows {
            let entries = matrix.rowOffsets[row]..<matrix.rowOffsets[row + 1]
            var values = [Float](matrix.values[entries])
            var keys = matrix.columnIndices[entries].map { UInt64($0) }
            var shape = [UInt64(matrix.columns)]
            var label = template.hasLabel ? [labels[row]] : []
            try withMessage(&values, &keys, &shape, &label) { message in
                let size = aialgs__data__record__get_packed_size(message)
                try beginFrame(size, &bytes)
                let start = bytes.count
                bytes.append(contentsOf: repeatElement(0, count: size))
                let written = bytes.withUnsafeMutableBufferPointer { buffer in
                    aialgs__data__record__pack(message, buffer.baseAddress.map { $0 + start })
                }
                precondition(written == size, "protobuf-c packed \(written) bytes of \(size)")
                endFrame(size, &bytes)
            }
        }
    }

    /// Calls `body` with a message that points into the arrays.
    private func withMessage(
        _ values: inout [Float], _ keys: inout [UInt64], _ shape: inout [UInt64], _ label: inout [Float],
        _ body: (UnsafePointer<Aialgs__Data__Record>) throws -> Void
    ) throws {
        var key = Array("values".utf8CString)
        try key.withUnsafeMutableBufferPointer { key in
            try values.withUnsafeMutableBufferPointer { values in
                try keys.withUnsafeMutableBufferPointer { keys in
                    try shape.withUnsafeMutableBufferPointer { shape in
                        try label.withUnsafeMutableBufferPointer { label in
                            try Self.build(
                                key.baseAddress, features: (values, keys, shape), label: label, body)
                        }
                    }
                }
            }
        }
    }

    private static func build(
        _ key: UnsafeMutablePointer<CChar>?,
        features: (
            values: UnsafeMutableBufferPointer<Float>, keys: UnsafeMutableBufferPointer<UInt64>,
            shape: UnsafeMutableBufferPointer<UInt64>
        ),
        label: UnsafeMutableBufferPointer<Float>, _ body: (UnsafePointer<Aialgs__Data__Record>) throws -> Void
    ) throws {
        var tensor = Aialgs__Data__Float32Tensor()
        aialgs__data__float32_tensor__init(&tensor)
        (tensor.n_values, tensor.values) = (features.values.count, features.values.baseAddress)
        (tensor.n_keys, tensor.keys) = (features.keys.count, features.keys.baseAddress)
        (tensor.n_shape, tensor.shape) = (features.shape.count, features.shape.baseAddress)
        var labelTensor = Aialgs__Data__Float32Tensor()
        aialgs__data__float32_tensor__init(&labelTensor)
        (labelTensor.n_values, labelTensor.values) = (label.count, label.baseAddress)
        try withEntry(key, &tensor) { features in
            try withEntry(key, &labelTensor) { labels in
                var (featureList, labelList) = ([features], [labels])
                var record = Aialgs__Data__Record()
                aialgs__data__record__init(&record)
                try featureList.withUnsafeMutableBufferPointer { featureList in
                    try labelList.withUnsafeMutableBufferPointer { labelList in
                        (record.n_features, record.features) = (1, featureList.baseAddress)
                        (record.n_label, record.label) = (label.isEmpty ? 0 : 1, labelList.baseAddress)
                        try body(&record)
                    }
                }
            }
        }
    }

    /// Wraps a tensor in a value and a map entry.
    private static func withEntry(
        _ key: UnsafeMutablePointer<CChar>?, _ tensor: UnsafeMutablePointer<Aialgs__Data__Float32Tensor>,
        _ body: (UnsafeMutablePointer<Aialgs__Data__Record__Entry>?) throws -> Void
    ) throws {
        var value = Aialgs__Data__Value()
        aialgs__data__value__init(&value)
        value.value_case = AIALGS__DATA__VALUE__VALUE_FLOAT32_TENSOR
        value.float32_tensor = tensor
        try withUnsafeMutablePointer(to: &value) { value in
            var entry = Aialgs__Data__Record__Entry()
            aialgs__data__record__entry__init(&entry)
            (entry.key, entry.value) = (key, value)
            try withUnsafeMutablePointer(to: &entry) { try body($0) }
        }
    }

    private func beginFrame(_ size: Int, _ bytes: inout [UInt8]) throws {
        guard size <= RecordFrames.largestPayload else {
            throw LockstepError(
                .data, "a record of \(size) bytes is too large for RecordIO; the limit is 512 MiB")
        }
        withUnsafeBytes(of: RecordFrames.magic.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(size).littleEndian) { bytes.append(contentsOf: $0) }
    }

    private func endFrame(_ size: Int, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: repeatElement(0, count: -size & 3))
    }
}
