/// A small hash that is the same in every process, unlike the standard library's: FNV-1a of 32 bits. For
/// numbers that processes have to agree on, not for secrets.
public enum StableHash {
    public static func of(_ text: String) -> UInt32 {
        text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
