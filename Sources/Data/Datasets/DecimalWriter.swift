/// Writes floats as the shortest decimal that reads back as the same float.
enum DecimalWriter {
    /// Whole numbers are written without a point; NaN, a missing value, as nothing.
    static func append(_ value: Float, to bytes: inout [UInt8]) {
        guard !value.isNaN else { return }
        if value == value.rounded(), abs(value) < 1e7, !(value == 0 && value.sign == .minus) {
            append(Int(value), to: &bytes)
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }

    static func append(_ value: Int, to bytes: inout [UInt8]) {
        if value >= 0, value < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
        } else {
            bytes.append(contentsOf: value.description.utf8)
        }
    }
}
