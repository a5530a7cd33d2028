import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// Writes a tar archive piece by piece: ustar, with pax records for long names and large files. Owner 0
/// and time 0: the same files always give the same bytes.
package struct TarWriter {
    private static let block = 512
    private let sink: (UnsafeRawBufferPointer) throws -> Void

    /// - Parameter sink: takes the archive's bytes.
    package init(sink: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.sink = sink }

    package mutating func addFolder(_ name: String) throws {
        try header(name + "/", size: 0, kind: "5", mode: 0o755)
    }

    package mutating func addLink(_ name: String, to goal: String) throws {
        try header(name, size: 0, kind: "2", mode: 0o777, goal: goal)
    }

    /// - Parameter path: a plain file; links are not followed.
    package mutating func addFile(_ name: String, path: String) throws {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw LockstepError.system("open", path) }
        defer { close(file) }
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

    private func header(_ name: String, size: Int, kind: Character, mode: Int, goal: String = "") throws {
        var records: [UInt8] = []
        if name.utf8.count > 100 { records += Self.record("path", name) }
        if goal.utf8.count > 100 { records += Self.record("linkpath", goal) }
        if size >= 1 << 33 { records += Self.record("size", "\(size)") }
        if !records.isEmpty {
            try put(Self.plain("pax", size: records.count, kind: "x", mode: 0o644, goal: "")[...])
            try put(records[...])
            try pad(records.count)
        }
        let field = size < 1 << 33 ? size : 0
        try put(Self.plain(name, size: field, kind: kind, mode: mode, goal: goal)[...])
    }

    /// `LENGTH NAME=VALUE\n`, the length counting itself.
    static func record(_ name: String, _ value: String) -> [UInt8] {
        let body = Array(" \(name)=\(value)\n".utf8)
        var length = body.count + 1
        while "\(length)".utf8.count + body.count != length { length += 1 }
        return Array("\(length)".utf8) + body
    }

    private static func plain(_ name: String, size: Int, kind: Character, mode: Int, goal: String) -> [UInt8]
    {
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in text.enumerated() { header[offset + index] = byte }
        }
        func octal(_ number: Int, digits: Int) -> [UInt8] {
            let text = String(number, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(name.utf8.prefix(100), at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put(String(kind).utf8, at: 156)
        put(goal.utf8.prefix(100), at: 157)
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
