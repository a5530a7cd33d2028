import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Writes a tar archive piece by piece: ustar, with pax records for long names and large
/// files, and GNU's for long names that are no UTF-8. Owner 0
/// and time 0: the same files always give the same bytes.
package struct TarWriter {
    private static let block = 512
    private let sink: (UnsafeRawBufferPointer) throws -> Void

    /// - Parameter sink: takes the archive's bytes.
    package init(sink: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.sink = sink }

    package mutating func addFolder(_ name: FileName) throws {
        try header(FileName(name.bytes + [UInt8(ascii: "/")]), size: 0, kind: "5", mode: 0o755)
    }

    /// - Parameters:
    ///   - name: its path in the archive.
    ///   - file: an open plain file, at its beginning.
    ///   - path: for errors.
    package mutating func addFile(_ name: FileName, _ file: Int32, path: String) throws {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw LockstepError.system("look at", path) }
        let size = Int(status.st_size)
        try header(name, size: size, kind: "0", mode: status.st_mode & 0o111 == 0 ? 0o644 : 0o755)
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var rest = size
        while rest > 0 {
            let count = read(file, &chunk, min(rest, chunk.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LockstepError.system("read", path) }
            guard count > 0 else {
                throw LockstepError(.io, "\(path) has become shorter while it was packed")
            }
            try put(chunk[..<count])
            rest -= count
        }
        try pad(size)
    }

    /// Ends the archive. Call once, last.
    package mutating func finish() throws { try put([UInt8](repeating: 0, count: 2 * Self.block)[...]) }

    private func header(_ name: FileName, size: Int, kind: Character, mode: Int) throws {
        let isText = String(decoding: name.bytes, as: UTF8.self).utf8.elementsEqual(name.bytes)
        var records: [UInt8] = []
        if name.bytes.count > 100 {
            if isText {
                records += Self.record("path", name.bytes)
            } else {
                // Records of pax are UTF-8; GNU's long names are bytes, and everyone reads them.
                try extra(FileName("././@LongLink"), name.bytes + [0], kind: "L")
            }
        }
        if size >= 1 << 33 { records += Self.record("size", Array("\(size)".utf8)) }
        if !records.isEmpty { try extra(FileName("pax"), records, kind: "x") }
        try put(Self.plain(name, size: size < 1 << 33 ? size : 0, kind: kind, mode: mode)[...])
    }

    /// What a header cannot hold, before it.
    private func extra(_ name: FileName, _ content: [UInt8], kind: Character) throws {
        try put(Self.plain(name, size: content.count, kind: kind, mode: 0o644)[...])
        try put(content[...])
        try pad(content.count)
    }

    /// `LENGTH NAME=VALUE\n`, the length counting itself.
    static func record(_ name: String, _ value: [UInt8]) -> [UInt8] {
        let body = Array(" \(name)=".utf8) + value + [0x0A]
        var length = body.count + 1
        while "\(length)".utf8.count + body.count != length { length += 1 }
        return Array("\(length)".utf8) + body
    }

    private static func plain(_ name: FileName, size: Int, kind: Character, mode: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> [UInt8] {
            let text = String(number, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(name.bytes.prefix(100), at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put(String(kind).utf8, at: 156)
        put("ustar\u{0}00".utf8, at: 257)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + [0, 0x20], at: 148)
        return header
    }

    private func put(_ bytes: ArraySlice<UInt8>) throws { try bytes.withUnsafeBytes { try sink($0) } }

    private func pad(_ size: Int) throws {
        try put([UInt8](repeating: 0, count: (Self.block - size % Self.block) % Self.block)[...])
    }
}
