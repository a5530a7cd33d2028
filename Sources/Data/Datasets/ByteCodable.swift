import Diagnostics

/// What ranks tell each other about files, as bytes.
protocol ByteCodable {
    func encode(to bytes: inout ByteEncoder)
    init(from bytes: inout ByteDecoder) throws
}

/// Appends integers and strings to an array of bytes, little-endian.
struct ByteEncoder {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: Int) {
        withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) }
    }
    mutating func put(_ value: [UInt8]) {
        put(value.count)
        bytes.append(contentsOf: value)
    }
    mutating func put(_ value: String) { put([UInt8](value.utf8)) }
}

/// Reads back what `ByteEncoder` wrote.
struct ByteDecoder {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func integer() throws -> Int {
        let part = try take(8)
        let value = part.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
        return Int(Int64(littleEndian: value))
    }
    mutating func array() throws -> [UInt8] { [UInt8](try take(integer())) }
    mutating func string() throws -> String { String(decoding: try array(), as: UTF8.self) }

    private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else {
            throw LockstepError(.bug, "a rank's account of its files is \(bytes.count) bytes, too short")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
