import Diagnostics

/// Reads a tar archive forward, in constant memory: ustar, GNU and pax names, plain or gzip.
package struct TarReader {
    /// One member of the archive.
    package struct Entry: Sendable, Equatable {
        package enum Kind: Sendable, Equatable {
            case file, folder, link, hardLink
            /// A device, a FIFO, a sparse file, …: the archive's letter for it.
            case other(Character)
        }

        /// As the archive says it.
        package var name: FileName
        package var kind: Kind
        /// What a link says.
        package var goal: FileName
        package var byteCount: Int
        package var isExecutable: Bool
    }

    private static let block = 512
    /// Most for the bytes of a long name.
    private static let nameBytesMax = 1 << 16

    private let file: InputFile
    private let buffer = Buffer(byteCount: 1 << 17)
    /// Bytes of the present entry that are still to be read, and of the padding after them.
    private var rest = 0
    private var padding = 0

    /// On the heap, and freed with the reader.
    private final class Buffer {
        let bytes: UnsafeMutableRawBufferPointer
        init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 16) }
        deinit { bytes.deallocate() }
    }

    /// - Throws: `LockstepError(.notFound)`, `(.io)`, or `(.data)` for another kind of archive.
    package init(path: String) throws {
        file = try InputFile(path: path)
        let others: [([UInt8], String)] = [
            (Array("BZh".utf8), "compressed with bzip2"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed with xz"),
            ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd"), ([0x50, 0x4B, 0x03, 0x04], "a zip archive"),
        ]
        let head = try InputFile(path: path).first(6)
        if let other = others.first(where: { head.starts(with: $0.0) }) {
            throw LockstepError(.data, "\(path) is \(other.1): pack it as .tar.gz")
        }
    }

    /// The next entry, past what is left of the one before; `nil` after the last one.
    ///
    /// - Throws: `LockstepError(.data)` for an archive that is damaged or cut short.
    package mutating func next() throws -> Entry? {
        var long = Long()
        while true {
            try skip()
            guard let header = try readHeader() else { return nil }
            let kind = Character(Unicode.Scalar(header[156]))
            rest = try size(header, long)
            padding = (Self.block - rest % Self.block) % Self.block
            switch kind {
            case "L": long.name = Self.text(try readAll()[...])
            case "K": long.goal = Self.text(try readAll()[...])
            case "x": long.add(try readAll())
            case "g", "V": continue
            default: return entry(header, kind, long)
            }
        }
    }

    /// Hands the content of the present entry to `body`, piece by piece.
    package mutating func content(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        while rest > 0 {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes.prefix(rest))
            try fill(piece)
            rest -= piece.count
            try body(UnsafeRawBufferPointer(piece))
        }
    }

    /// What headers of their own say about the entry that follows.
    private struct Long {
        var name: [UInt8]?
        var goal: [UInt8]?
        var size: Int?
        var isSparse = false

        /// Takes in records `LENGTH NAME=VALUE\n`.
        mutating func add(_ content: [UInt8]) {
            var rest = content[...]
            while let space = rest.firstIndex(of: UInt8(ascii: " ")),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0,
                length <= rest.count, space < rest.startIndex + length
            {
                let record = rest[(space + 1)..<(rest.startIndex + length)].dropLast()
                rest = rest.dropFirst(length)
                guard let equal = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let value = Array(record[(equal + 1)...])
                switch String(decoding: record[..<equal], as: UTF8.self) {
                case "path": name = value
                case "linkpath": goal = value
                case "size": size = Int(String(decoding: value, as: UTF8.self))
                case let key where key.hasPrefix("GNU.sparse."): isSparse = true
                default: continue
                }
            }
        }
    }

    private func entry(_ header: [UInt8], _ kind: Character, _ long: Long) -> Entry {
        let name = FileName(long.name ?? Self.shortName(header))
        let isFolder = name.bytes.last == UInt8(ascii: "/")
        let meaning: Entry.Kind =
            switch kind {
            case _ where long.isSparse: .other("S")
            case "0", "\0", "7": isFolder ? .folder : .file
            case "5", "D": .folder
            case "2": .link
            case "1": .hardLink
            default: .other(kind)
            }
        return Entry(
            name: name, kind: meaning, goal: FileName(long.goal ?? Self.text(header[157..<257])),
            byteCount: rest, isExecutable: (Self.number(header[100..<108]) ?? 0) & 0o111 != 0)
    }

    /// - Returns: `nil` at the archive's end, which is a block of zeros.
    private func readHeader() throws -> [UInt8]? {
        let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes.prefix(Self.block))
        try fill(piece)
        let header = Array(piece)
        if header.allSatisfy({ $0 == 0 }) { return nil }
        let said = Self.number(header[148..<156])
        // The checksum's own field counts as spaces; old programs added signed bytes.
        let plain = header.enumerated().map { (148..<156).contains($0.offset) ? 32 : $0.element }
        let sum = plain.reduce(0) { $0 + Int($1) }
        let signed = plain.reduce(0) { $0 + Int(Int8(bitPattern: $1)) }
        guard said == sum || said == signed else { throw damaged() }
        return header
    }

    private func size(_ header: [UInt8], _ long: Long) throws -> Int {
        guard let size = long.size ?? Self.number(header[124..<136]), size >= 0 else { throw damaged() }
        // Of links and devices some programs write the size of what they lead to, without the bytes.
        return "123456".contains(Character(Unicode.Scalar(header[156]))) ? 0 : size
    }

    private mutating func readAll() throws -> [UInt8] {
        guard rest <= Self.nameBytesMax else {
            throw LockstepError(
                .data,
                "\(file.path) holds a name of \(rest) bytes near byte \(file.offset), at most "
                    + "\(Self.nameBytesMax): it is damaged, or packed to do harm")
        }
        var bytes: [UInt8] = []
        try content { bytes += $0 }
        return bytes
    }

    private mutating func skip() throws {
        var count = rest + padding
        while count > 0 {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes.prefix(count))
            try fill(piece)
            count -= piece.count
        }
        (rest, padding) = (0, 0)
    }

    private func fill(_ piece: UnsafeMutableRawBufferPointer) throws {
        guard try file.read(into: piece) == piece.count else { throw damaged() }
    }

    private func damaged() -> LockstepError {
        LockstepError(
            .data,
            "\(file.path) is no whole tar archive (.tar or .tar.gz): it is damaged or cut short near byte "
                + "\(file.offset)")
    }

    private static func shortName(_ header: [UInt8]) -> [UInt8] {
        let name = text(header[..<100])
        let prefix = text(header[345..<500])
        let isUstar = header[257..<263].elementsEqual([UInt8]("ustar\0".utf8))
        return isUstar && !prefix.isEmpty ? prefix + [UInt8(ascii: "/")] + name : name
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Array(bytes.prefix { $0 != 0 }) }

    /// Octal digits, or GNU's binary numbers.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            return field.dropFirst().reduce(0 as Int?) { sum, byte in
                sum.flatMap { $0 < 1 << 54 ? $0 << 8 | Int(byte) : nil }
            }
        }
        let digits = field.filter { $0 != 0 && $0 != 32 }
        return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}

extension InputFile {
    /// The first bytes, for a look at what it is.
    fileprivate func first(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let count = try bytes.withUnsafeMutableBytes { try read(into: $0) }
        return Array(bytes.prefix(count))
    }
}
