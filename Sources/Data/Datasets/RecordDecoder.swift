import CRecordFormat
import Diagnostics

/// Takes `aialgs.data.Record` messages apart with protobuf-c. The last record lies in the properties.
///
/// The features are the tensor `values` of the record's features, the label the one number in `values` of
/// its labels. Of doubled map keys and of oneof members the last one holds.
struct RecordDecoder {
    /// How a record gives its features.
    enum Kind {
        case dense
        case sparse
        /// A shape and nothing else: a row of zeros, in dense and sparse channels.
        case zeros
    }

    private(set) var kind = Kind.zeros
    /// Values in order, or those at `columns`.
    private(set) var values: [Float] = []
    /// Ascending, in a sparse record.
    private(set) var columns: [Int32] = []
    /// Features of the record: as its shape says, else as its values or keys show.
    private(set) var width = 0
    private(set) var label: Float?

    /// - Parameter damaged: makes the error for a defect, naming file, record and byte offset.
    mutating func decode(
        _ payload: UnsafeRawBufferPointer, damaged: (String) -> LockstepError
    ) throws {
        guard RecordFieldCount.isWithinBounds(payload) else {
            throw damaged(
                "it has more than \(RecordFieldCount.most) fields; write the numbers of a tensor packed")
        }
        let bytes = payload.baseAddress?.assumingMemoryBound(to: UInt8.self)
        guard let record = aialgs__data__record__unpack(nil, payload.count, bytes) else {
            throw damaged("the payload is no Record message")
        }
        defer { aialgs__data__record__free_unpacked(record, nil) }
        let features = record.pointee.features, labels = record.pointee.label
        try Self.refuseWeights(features, record.pointee.n_features, damaged)
        try Self.refuseWeights(labels, record.pointee.n_label, damaged)
        guard let value = Self.find("values", features, record.pointee.n_features),
            let tensor = Self.tensor(value)
        else {
            throw damaged("it has no number tensor 'values' among its features")
        }
        try take(tensor, damaged)
        label = nil
        guard record.pointee.n_label > 0 else { return }
        guard let value = Self.find("values", labels, record.pointee.n_label),
            let tensor = Self.tensor(value), tensor.count == 1, tensor.keys.isEmpty
        else {
            throw damaged("its label is not one number named 'values'")
        }
        label = tensor.value(0)
    }

    private mutating func take(_ tensor: Tensor, _ damaged: (String) -> LockstepError) throws {
        var size: UInt64?
        for extent in tensor.shape {
            let (product, overflow) = (size ?? 1).multipliedReportingOverflow(by: extent)
            guard !overflow else { throw damaged("its shape is too large to count") }
            size = product
        }
        let largest = tensor.keys.max()
        let needed = largest.map { $0 == .max ? $0 : $0 + 1 } ?? UInt64(tensor.count)
        guard max(size ?? 0, needed) <= UInt64(Int32.max) else {
            throw damaged("it has \(max(size ?? 0, needed)) features; at most \(Int32.max) are read")
        }
        guard tensor.keys.isEmpty || tensor.keys.count == tensor.count else {
            throw damaged("it has \(tensor.keys.count) keys for \(tensor.count) values")
        }
        if let size, let largest, largest >= size {
            throw damaged("key \(largest) lies outside its shape of \(size) features")
        }
        width = Int(size ?? needed)
        columns.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        for index in 0..<tensor.count { values.append(tensor.value(index)) }
        if !tensor.keys.isEmpty {
            kind = .sparse
            for key in tensor.keys { columns.append(Int32(key)) }
            sortColumns()
        } else if tensor.count > 0 {
            kind = .dense
            guard width == tensor.count else {
                throw damaged("it has \(tensor.count) values for a shape of \(width) features")
            }
        } else {
            kind = .zeros
        }
        guard width > 0 else { throw damaged("it has no features") }
    }

    /// Brings keys in ascending order; values of the same key add up, as in SciPy's CSR.
    private mutating func sortColumns() {
        var isAscending = true
        for index in columns.indices.dropFirst() where columns[index - 1] >= columns[index] {
            isAscending = false
        }
        if isAscending { return }
        // By place too where keys are equal, so that the order of the additions is fixed.
        let order = columns.indices.sorted { (columns[$0], $0) < (columns[$1], $1) }
        var sorted: [Int32] = []
        var sums: [Float] = []
        for index in order {
            if sorted.last == columns[index] {
                sums[sums.count - 1] += values[index]
            } else {
                sorted.append(columns[index])
                sums.append(values[index])
            }
        }
        (columns, values) = (sorted, sums)
    }

    // MARK: protobuf-c

    /// A view of one of the three number tensors.
    private struct Tensor {
        enum Numbers {
            case float(UnsafeMutablePointer<Float>?)
            case double(UnsafeMutablePointer<Double>?)
            case int(UnsafeMutablePointer<Int32>?)
        }
        var numbers: Numbers
        var count: Int
        var keys: UnsafeBufferPointer<UInt64>
        var shape: UnsafeBufferPointer<UInt64>

        @inline(__always)
        func value(_ index: Int) -> Float {
            switch numbers {
            case .float(let values): values.map { $0[index] } ?? 0
            case .double(let values): values.map { Float($0[index]) } ?? 0
            case .int(let values): values.map { Float($0[index]) } ?? 0
            }
        }
    }

    private static func tensor(_ value: Aialgs__Data__Value) -> Tensor? {
        switch value.value_case {
        case AIALGS__DATA__VALUE__VALUE_FLOAT32_TENSOR:
            guard let tensor = value.float32_tensor?.pointee else { return nil }
            return Tensor(
                numbers: .float(tensor.values), count: tensor.n_values,
                keys: UnsafeBufferPointer(start: tensor.keys, count: tensor.n_keys),
                shape: UnsafeBufferPointer(start: tensor.shape, count: tensor.n_shape))
        case AIALGS__DATA__VALUE__VALUE_FLOAT64_TENSOR:
            guard let tensor = value.float64_tensor?.pointee else { return nil }
            return Tensor(
                numbers: .double(tensor.values), count: tensor.n_values,
                keys: UnsafeBufferPointer(start: tensor.keys, count: tensor.n_keys),
                shape: UnsafeBufferPointer(start: tensor.shape, count: tensor.n_shape))
        case AIALGS__DATA__VALUE__VALUE_INT32_TENSOR:
            guard let tensor = value.int32_tensor?.pointee else { return nil }
            return Tensor(
                numbers: .int(tensor.values), count: tensor.n_values,
                keys: UnsafeBufferPointer(start: tensor.keys, count: tensor.n_keys),
                shape: UnsafeBufferPointer(start: tensor.shape, count: tensor.n_shape))
        default:
            return nil
        }
    }

    /// Refuses what would make some records count more than others, which nothing here does.
    private static func refuseWeights(
        _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Aialgs__Data__Record__Entry>?>?, _ count: Int,
        _ damaged: (String) -> LockstepError
    ) throws {
        guard let entries, count > 1 else { return }
        for index in 0..<count {
            guard let key = entries[index]?.pointee.key else { continue }
            let name = String(cString: key)
            guard name.lowercased().contains("weight") else { continue }
            throw damaged("it has '\(name)': weights of records are not read; leave them out")
        }
    }

    /// The value of the last entry named `key`.
    private static func find(
        _ key: String, _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Aialgs__Data__Record__Entry>?>?,
        _ count: Int
    ) -> Aialgs__Data__Value? {
        guard let entries else { return nil }
        for index in stride(from: count - 1, through: 0, by: -1) {
            guard let entry = entries[index]?.pointee, let name = entry.key, String(cString: name) == key
            else { continue }
            return entry.value?.pointee
        }
        return nil
    }
}
