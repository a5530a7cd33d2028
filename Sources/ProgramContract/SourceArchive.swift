import Diagnostics
import Foundation
import Storage

/// A `sourcedir.tar.gz` as the SageMaker SDKs and tar(1) write it: ustar, GNU and pax names, plain or gzip.
struct SourceArchive: Sendable {
    enum Content: Sendable, Equatable {
        case folder
        case file([UInt8], isExecutable: Bool)
        case link(to: String)
    }

    /// Relative names without `.`, in the archive's order.
    private(set) var entries: [(name: String, content: Content)] = []

    private static let block = 512

    /// - Throws: `LockstepError(.data)` when it is no tar archive, is cut short, or holds a name or a link
    ///   that leads out of the folder it is unpacked into.
    init(reading path: String) throws {
        var bytes = try AtomicFile.read(path)
        if bytes.starts(with: [0x1F, 0x8B]) { bytes = try GzipBytes.decompress(bytes, source: path) }
        var offset = 0
        var longName: String?
        while offset + Self.block <= bytes.count {
            let header = bytes[offset..<offset + Self.block]
            if header.allSatisfy({ $0 == 0 }) { return }
            guard Self.checksum(header) == Self.number(header, 148, 8),
                let size = Self.number(header, 124, 12), size <= bytes.count - offset - Self.block
            else { break }
            let start = offset + Self.block
            let content = bytes[start..<start + size]
            offset = start + (size + Self.block - 1) / Self.block * Self.block
            let kind = Character(Unicode.Scalar(header[header.startIndex + 156]))
            switch kind {
            case "L": longName = Self.text(content)
            case "x": longName = Self.paxPath(content) ?? longName
            case "g", "K": continue
            default:
                let name = longName ?? Self.shortName(header)
                longName = nil
                let mode = Self.number(header, 100, 8) ?? 0
                let link = Self.text(header.dropFirst(157).prefix(100))
                try add(name, kind, Array(content), mode: mode, link: link, path)
            }
        }
        throw LockstepError(
            .data, "\(path) is no whole tar archive (.tar or .tar.gz): it is damaged near byte \(offset)")
    }

    private mutating func add(
        _ name: String, _ kind: Character, _ bytes: [UInt8], mode: Int, link: String, _ path: String
    ) throws {
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !name.hasPrefix("/"), !parts.contains("..") else {
            throw LockstepError(.data, "\(path) holds \(name), which lies outside its folder; pack it anew")
        }
        guard !parts.isEmpty else { return }
        let clean = parts.joined(separator: "/")
        switch kind {
        case "0", "\0", "7": entries.append((clean, .file(bytes, isExecutable: mode & 0o111 != 0)))
        case "5": entries.append((clean, .folder))
        case "2":
            guard !link.hasPrefix("/"), !link.split(separator: "/").contains("..") else {
                throw LockstepError(
                    .data,
                    "\(path) holds the link \(name) to \(link), outside its folder; "
                        + "pack the file itself")
            }
            entries.append((clean, .link(to: link)))
        default:
            throw LockstepError(
                .data, "\(path) holds \(name), which is neither file nor folder nor symbolic link")
        }
    }

    private static func shortName(_ header: ArraySlice<UInt8>) -> String {
        let name = text(header.prefix(100))
        let prefix = text(header.dropFirst(345).prefix(155))
        let isUstar = header.dropFirst(257).prefix(6).elementsEqual([UInt8]("ustar\0".utf8))
        return isUstar && !prefix.isEmpty ? prefix + "/" + name : name
    }

    /// Value of `path` among records `LENGTH NAME=VALUE\n`.
    private static func paxPath(_ content: ArraySlice<UInt8>) -> String? {
        var rest = content
        var path: String?
        while let space = rest.firstIndex(of: 32),
            let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0,
            length <= rest.count, space < rest.startIndex + length
        {
            let record = rest[(space + 1)..<(rest.startIndex + length)]
            let text = String(decoding: record.dropLast(), as: UTF8.self)
            if text.hasPrefix("path=") { path = String(text.dropFirst("path=".count)) }
            rest = rest.dropFirst(length)
        }
        return path
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func number(_ header: ArraySlice<UInt8>, _ offset: Int, _ length: Int) -> Int? {
        let field = header.dropFirst(offset).prefix(length).filter { $0 != 0 && $0 != 32 }
        return Int(String(decoding: field, as: UTF8.self), radix: 8)
    }

    /// Sum of the header's bytes, with the checksum's own field taken as spaces.
    private static func checksum(_ header: ArraySlice<UInt8>) -> Int {
        header.enumerated().reduce(0) { sum, byte in
            sum + ((148..<156).contains(byte.offset) ? 32 : Int(byte.element))
        }
    }
}
