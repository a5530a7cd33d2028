#if canImport(Glibc)
    import Glibc
#endif

/// Unbuffered writes to the standard streams; safe from any thread.
public enum StandardStreams {
    /// Writes `text` and a newline to standard error in one call.
    public static func error(_ text: String) { write(text + "\n", to: 2) }

    /// Writes `text` and a newline to standard output in one call.
    public static func output(_ text: String) { write(text + "\n", to: 1) }

    /// Writes `text` to standard output without a newline after it.
    public static func outputPart(_ text: String) { write(text, to: 1) }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0 {
                    if errno == EINTR || errno == EAGAIN { continue }
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
