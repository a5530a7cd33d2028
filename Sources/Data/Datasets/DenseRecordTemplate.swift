/// The bytes of a dense float record but for its numbers, in the form that SageMaker's SDK writes.
///
/// Protobuf lengths stand before what they measure, so for one width the values lie at one place, with
/// the same bytes before them in each record. A reader that finds those bytes may copy the values.
struct DenseRecordTemplate: Equatable {
    let width: Int
    let hasLabel: Bool
    /// Before the values.
    let prefix: [UInt8]
    /// Between the values and the label; empty without label.
    let middle: [UInt8]

    init(width: Int, hasLabel: Bool) {
        self.width = width
        self.hasLabel = hasLabel
        prefix = Self.entry(field: 0x0A, valueBytes: width * 4)
        middle = hasLabel ? Self.entry(field: 0x12, valueBytes: 4) : []
    }

    var byteCount: Int { prefix.count + width * 4 + (hasLabel ? middle.count + 4 : 0) }

    /// Whether `payload` is this template with numbers filled in.
    @inline(__always)
    func matches(_ payload: UnsafeRawBufferPointer) -> Bool {
        payload.count == byteCount
            && Self.isEqual(payload, at: 0, prefix)
            && Self.isEqual(payload, at: prefix.count + width * 4, middle)
    }

    /// Up to the values, a map entry `"values": {float32_tensor: {values: …}}` of `valueBytes` bytes.
    private static func entry(field: UInt8, valueBytes: Int) -> [UInt8] {
        let name = [0x0A, 6] + [UInt8]("values".utf8)
        let values = [0x0A] + varint(valueBytes)
        let tensor = [0x12] + varint(values.count + valueBytes) + values
        let value = [0x12] + varint(tensor.count + valueBytes) + tensor
        return [field] + varint(name.count + value.count + valueBytes) + name + value
    }

    private static func varint(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    @inline(__always)
    private static func isEqual(_ payload: UnsafeRawBufferPointer, at offset: Int, _ bytes: [UInt8]) -> Bool {
        for (index, byte) in bytes.enumerated() where payload[offset + index] != byte { return false }
        return true
    }
}
