/// Text from outside (names of files, words of users and programs) made fit for a line of output.
public enum PrintableText {
    /// `text` with what would break a line or steer a terminal written as an escape: control characters,
    /// line separators, marks that turn the direction of writing.
    public static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: steers) else { return text }
        return text.unicodeScalars.map { steers($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    /// Bytes that should be UTF-8: where they are not, each byte beyond ASCII stands as `\xE9`.
    public static func escaped(bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return escaped(text) }
        return bytes.map { byte in
            if byte < 0x80 { return escaped(String(UnicodeScalar(byte))) }
            return "\\x" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private static func steers(_ scalar: UnicodeScalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
