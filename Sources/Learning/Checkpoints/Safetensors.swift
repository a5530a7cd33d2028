import Diagnostics
import Foundation
public import Tensors

/// The safetensors file format: an 8-byte length, a JSON header, then the tensors' bytes.
///
/// Layout after the format's README: the header maps each name to `dtype`, `shape` and
/// `data_offsets` counted from the end of the header, and is padded with spaces to a multiple of 8.
/// The same tensors always give the same bytes: names are in byte order.
public enum Safetensors {
    private struct Entry: Codable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    /// The file's bytes.
    public static func encode(_ tensors: NamedTensors) throws -> [UInt8] {
        var header: [String: Entry] = [:]
        var offset = 0
        let names = tensors.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names {
            guard let tensor = tensors[name] else { continue }
            header[name] = Entry(
                dtype: tensor.elementType.rawValue, shape: tensor.shape,
                data_offsets: [offset, offset + tensor.bytes.count])
            offset += tensor.bytes.count
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = [UInt8](try encoder.encode(header))
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + json.count + offset)
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes += json
        for name in names { bytes += tensors[name]?.bytes ?? [] }
        return bytes
    }

    /// Reads a file's bytes; names come in byte order.
    ///
    /// - Parameter source: named in errors.
    /// - Throws: `LockstepError(.damaged)` when lengths, offsets or the header make no sense, `.data`
    ///   for an element type that Lockstep does not use.
    public static func decode(_ bytes: [UInt8], source: String) throws -> NamedTensors {
        func damaged(_ reason: String) -> LockstepError {
            LockstepError(.damaged, "\(source) is no whole safetensors file: \(reason)")
        }
        guard bytes.count >= 8 else { throw damaged("it has \(bytes.count) bytes") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
        guard length <= UInt64(bytes.count - 8) else {
            throw damaged("its header should have \(length) bytes")
        }
        let start = 8 + Int(length)
        let entries: [String: Entry]
        do {
            entries = try readHeader(bytes[8..<start])
        } catch {
            throw damaged("its header is no table of tensors")
        }
        var tensors = NamedTensors()
        // Tensors lie side by side: a table that gives the same bytes to many would make much of little.
        var rest = bytes.count - start
        for (name, entry) in entries.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard let type = ElementType(rawValue: entry.dtype) else {
                throw LockstepError(
                    .data,
                    "tensor \(name) of \(source) has element type \(entry.dtype), which Lockstep cannot read")
            }
            guard entry.data_offsets.count == 2, let count = byteCount(entry.shape, type),
                entry.data_offsets[0] >= 0, entry.data_offsets[1] >= entry.data_offsets[0],
                entry.data_offsets[1] <= bytes.count - start, count <= rest,
                entry.data_offsets[1] - entry.data_offsets[0] == count
            else { throw damaged("tensor \(name) does not fit its shape \(entry.shape)") }
            rest -= count
            let range = start + entry.data_offsets[0]..<start + entry.data_offsets[1]
            tensors[name] = Tensor(elementType: type, shape: entry.shape, bytes: [UInt8](bytes[range]))
        }
        return tensors
    }

    private static func readHeader(_ json: ArraySlice<UInt8>) throws -> [String: Entry] {
        enum Member: Decodable {
            case tensor(Entry), metadata
            init(from decoder: any Decoder) throws {
                let isMetadata = decoder.codingPath.last?.stringValue == "__metadata__"
                self = isMetadata ? .metadata : .tensor(try Entry(from: decoder))
            }
        }
        return try JSONDecoder().decode([String: Member].self, from: Data(json)).compactMapValues {
            if case .tensor(let entry) = $0 { entry } else { nil }
        }
    }

    /// Bytes of a tensor; `nil` for a negative extent or an overflow.
    private static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
        var count = type.byteCount
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { return nil }
            count = product
        }
        return count
    }
}
