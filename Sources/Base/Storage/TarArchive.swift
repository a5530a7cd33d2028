import Diagnostics

/// A POSIX ustar archive of plain files, in memory; the same entries always give the same bytes.
public struct TarArchive: Sendable, Equatable {
    /// A file in the archive.
    public struct Entry: Sendable, Equatable {
        /// At most 100 bytes of UTF-8, relative.
        public let name: String
        public let bytes: [UInt8]
        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    public let entries: [Entry]
    public init(_ entries: [Entry]) { self.entries = entries }

    /// Bytes of the entry of that name.
    public subscript(name: String) -> [UInt8]? { entries.first { $0.name == name }?.bytes }

    private static let block = 512

    /// The archive's bytes: owner 0, mode 0644, time 0, two empty blocks at the end.
    ///
    /// - Throws: `LockstepError(.bug)` for a name over 100 bytes or an entry of 8 GiB or more.
    public func encoded() throws -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(entries.reduce(1024) { $0 + $1.bytes.count + 1024 })
        for entry in entries {
            out += try Self.header(name: entry.name, size: entry.bytes.count)
            out += entry.bytes
            out += [UInt8](repeating: 0, count: (Self.block - entry.bytes.count % Self.block) % Self.block)
        }
        return out + [UInt8](repeating: 0, count: 2 * Self.block)
    }

    /// Reads an archive; entries that are no plain files are passed over.
    ///
    /// - Parameter source: named in errors.
    /// - Throws: `LockstepError(.damaged)` when it is cut short or a header's checksum is wrong.
    public init(decoding bytes: [UInt8], source: String) throws {
        func damaged(_ reason: String, _ offset: Int) -> LockstepError {
            LockstepError(.damaged, "\(source) is no whole tar archive: \(reason) at byte \(offset)")
        }
        var entries: [Entry] = []
        var offset = 0
        while true {
            guard offset + Self.block <= bytes.count else { throw damaged("it ends", bytes.count) }
            let header = bytes[offset..<offset + Self.block]
            if header.allSatisfy({ $0 == 0 }) { break }
            guard Self.checksum(header) == Self.octal(header, at: 148, length: 8),
                let size = Self.octal(header, at: 124, length: 12), size >= 0
            else { throw damaged("a header does not match its checksum", offset) }
            let start = offset + Self.block
            guard size <= bytes.count - start else { throw damaged("it ends", bytes.count) }
            let kind = header[header.startIndex + 156]
            if kind == 0 || kind == UInt8(ascii: "0") {
                let name = header.prefix(100).prefix { $0 != 0 }
                entries.append(
                    Entry(
                        name: String(decoding: name, as: UTF8.self),
                        bytes: [UInt8](bytes[start..<start + size])))
            }
            offset = start + (size + Self.block - 1) / Self.block * Self.block
        }
        self.init(entries)
    }

    private static func header(name: String, size: Int) throws -> [UInt8] {
        guard name.utf8.count <= 100, size < 1 << 33 else {
            throw LockstepError(.bug, "\(name) of \(size) bytes does not fit a tar archive")
        }
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> String {
            let text = String(number, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(checksum(header[...]), digits: 6), at: 148)
        header[154] = 0
        header[155] = UInt8(ascii: " ")
        return header
    }

    /// Sum of the header's bytes, with the checksum's own field taken as spaces.
    private static func checksum(_ header: ArraySlice<UInt8>) -> Int {
        header.enumerated().reduce(0) { sum, byte in
            sum + ((148..<156).contains(byte.offset) ? 32 : Int(byte.element))
        }
    }

    private static func octal(_ header: ArraySlice<UInt8>, at offset: Int, length: Int) -> Int? {
        let field = header.dropFirst(offset).prefix(length).filter { $0 != 0 && $0 != 32 }
        return Int(String(decoding: field, as: UTF8.self), radix: 8)
    }
}
