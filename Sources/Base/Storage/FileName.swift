#if canImport(Glibc)
    import Glibc
#endif

/// A file's name, or a relative path, as the kernel knows it: bytes, whatever they mean to people.
package struct FileName: Sendable, Hashable, Comparable {
    package let bytes: [UInt8]

    /// - Parameter bytes: without a zero byte.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }

    /// The path of `name` in this folder.
    package func appending(_ name: FileName) -> FileName {
        FileName(bytes.isEmpty ? name.bytes : bytes + [UInt8(ascii: "/")] + name.bytes)
    }

    /// For messages: a byte that is no text, and what would not print, stands as `\xE9`.
    package var printable: String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else {
            return bytes.map { (0x20..<0x7F).contains($0) ? Self.character($0) : Self.escaped($0) }.joined()
        }
        return text.unicodeScalars.map { scalar in
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            return isControl ? Self.escaped(UInt8(scalar.value)) : String(scalar)
        }.joined()
    }

    package static func < (left: FileName, right: FileName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    package func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        try (bytes + [0]).withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("there is a zero at least") }
            return try body(start.assumingMemoryBound(to: CChar.self))
        }
    }

    private static func character(_ byte: UInt8) -> String { String(Unicode.Scalar(byte)) }

    private static func escaped(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "\\x" + (digits.count < 2 ? "0" : "") + digits
    }
}
