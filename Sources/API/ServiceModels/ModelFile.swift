import CServiceModels
import FoundationEssentials
import Glibc

/// A file of `proto/aws`, taken apart into lines: `"NAME":{…},`, one an entry of a section.
///
/// The lines stay where they are, in the program's own bytes, until an entry is asked for.
struct ModelFile: Sendable {
    private let name: String
    /// Where the entries' values are in the file, by section and name.
    private let entries: [String: [String: Range<Int>]]
    /// The value of the line `"metadata":{…},`.
    private let singles: [String: Range<Int>]

    /// - Precondition: there is such a file; a test reads all of them.
    init(_ name: String) {
        self.name = name
        var entries: [String: [String: Range<Int>]] = [:]
        var singles: [String: Range<Int>] = [:]
        var section: String?
        let bytes = Self.bytes(of: name)
        Self.forEachLine(of: bytes) { line in
            guard let (name, value) = Self.entry(bytes, line) else {
                // The } that ends a section, or the file.
                section = nil
                return
            }
            if let section {
                entries[section, default: [:]][name] = value
            } else if value.count == 1 {
                section = name
            } else {
                singles[name] = value
            }
        }
        self.entries = entries
        self.singles = singles
    }

    func single(_ name: String) -> Data? { singles[name].map(data) }

    func names(in section: String) -> [String] { entries[section].map { $0.keys.sorted() } ?? [] }

    func entry(_ name: String, in section: String) -> Data? { entries[section]?[name].map(data) }

    private func data(_ range: Range<Int>) -> Data { Data(Self.bytes(of: name)[range]) }

    /// They are the program's own, and stay.
    private static func bytes(of name: String) -> UnsafeRawBufferPointer {
        guard let file = cservicemodels_find(name) else {
            preconditionFailure("there is no proto/aws/\(name).json")
        }
        return UnsafeRawBufferPointer(start: file.pointee.bytes, count: file.pointee.byte_count)
    }

    private static func forEachLine(of bytes: UnsafeRawBufferPointer, _ body: (Range<Int>) -> Void) {
        var start = 0
        while start < bytes.count {
            let end = index(of: newline, in: bytes, from: start) ?? bytes.count
            body(start..<end)
            start = end + 1
        }
    }

    /// Name and value of `"NAME":VALUE,`; the value `{` begins a section.
    private static func entry(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) -> (name: String, value: Range<Int>)? {
        guard line.count > 4, bytes[line.lowerBound] == quote,
            let nameEnd = index(of: quote, in: bytes, from: line.lowerBound + 1)
        else { return nil }
        let name = String(decoding: bytes[(line.lowerBound + 1)..<nameEnd], as: UTF8.self)
        let end = bytes[line.upperBound - 1] == comma ? line.upperBound - 1 : line.upperBound
        return (name, (nameEnd + 2)..<end)
    }

    private static let newline: UInt8 = 0x0A
    private static let quote: UInt8 = 0x22
    private static let comma: UInt8 = 0x2C

    private static func index(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        return memchr(base + start, Int32(byte), bytes.count - start).map { UnsafeRawPointer($0) - base }
    }
}
