/// Counts the fields of a Record message before it is unpacked.
///
/// protobuf-c keeps some 100 bytes for each field, so a payload made of millions of empty ones would take
/// many times its own size.
enum RecordFieldCount {
    static let most = 1 << 20
    /// Record, entry, value, tensor.
    private static let depth = 4

    /// Whether `payload` has at most `most` fields on the levels that are unpacked. What is no protobuf
    /// counts as within bounds; the decoder finds that.
    static func isWithinBounds(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard payload.count > most else { return true }
        var left = most
        count(payload, depth: depth, &left)
        return left >= 0
    }

    private static func count(_ bytes: UnsafeRawBufferPointer, depth: Int, _ left: inout Int) {
        var position = 0
        while position < bytes.count, left >= 0 {
            guard let tag = varint(bytes, &position) else { return }
            left -= 1
            switch tag & 7 {
            case 0: guard varint(bytes, &position) != nil else { return }
            case 1: position += 8
            case 2:
                guard let length = varint(bytes, &position), length <= UInt64(bytes.count - position)
                else { return }
                let end = position + Int(length)
                // An entry's first field is its name; a tensor's fields are packed numbers.
                let isName = depth == Self.depth - 1 && tag >> 3 == 1
                if depth > 1, !isName {
                    count(UnsafeRawBufferPointer(rebasing: bytes[position..<end]), depth: depth - 1, &left)
                }
                position = end
            case 5: position += 4
            default: return
            }
        }
    }

    private static func varint(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
