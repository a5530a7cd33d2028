package import Tensors

/// Where each tensor of a set lies in a run of bytes: name, element type, shape and offset.
///
/// It stands before the bytes of a hot state, and before those of a state on its way between ranks.
package struct TensorTable: Sendable, Equatable {
    /// One tensor.
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var elementType: ElementType
        package var shape: [Int]
        /// Of its first byte, from the first byte of all.
        package var offset: Int
        package var byteCount: Int
    }

    package private(set) var entries: [Entry] = []
    /// From the first byte of the first tensor to behind the last one of the last.
    package private(set) var byteCount = 0

    /// Tensors begin at multiples of it.
    private static let alignment = 64

    /// Lays the tensors out one after the other, in their order.
    package init(_ tensors: NamedTensors) {
        for name in tensors.names {
            guard let tensor = tensors[name] else { continue }
            let start = (byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
            entries.append(
                Entry(
                    name: name, elementType: tensor.elementType, shape: tensor.shape, offset: start,
                    byteCount: tensor.bytes.count))
            byteCount = start + tensor.bytes.count
        }
    }

    /// As little-endian words and the names' bytes.
    package var encoded: [UInt8] {
        var bytes = Words.encode([UInt64(entries.count)])
        for entry in entries {
            for text in [entry.name, entry.elementType.rawValue] {
                bytes += Words.encode([UInt64(text.utf8.count)])
                bytes += text.utf8
            }
            bytes += Words.encode([UInt64(entry.shape.count)] + entry.shape.map { UInt64($0) })
            bytes += Words.encode([UInt64(entry.offset)])
        }
        return bytes
    }

    /// Reads what `encoded` gave; `nil` when it makes no sense.
    ///
    /// - Parameter limit: bytes that the tensors may reach to.
    package init?(decoding bytes: [UInt8], limit: Int) {
        var rest = bytes[...]
        func number() -> Int? {
            guard rest.count >= 8 else { return nil }
            defer { rest = rest.dropFirst(8) }
            return Int(exactly: Words.decode(rest.prefix(8))[0])
        }
        func text() -> String? {
            guard let count = number(), count <= rest.count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return String(decoding: rest.prefix(count), as: UTF8.self)
        }
        guard let count = number(), count <= bytes.count else { return nil }
        for _ in 0..<count {
            guard let name = text(), let type = text().flatMap({ ElementType(rawValue: $0) }),
                let rank = number(), rank <= rest.count
            else { return nil }
            var shape: [Int] = []
            var size = type.byteCount
            for _ in 0..<rank {
                guard let extent = number() else { return nil }
                let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                guard !overflow else { return nil }
                shape.append(extent)
                size = product
            }
            guard let offset = number(), offset >= byteCount, size <= limit, offset <= limit - size else {
                return nil
            }
            entries.append(
                Entry(name: name, elementType: type, shape: shape, offset: offset, byteCount: size))
            byteCount = offset + size
        }
    }
}
