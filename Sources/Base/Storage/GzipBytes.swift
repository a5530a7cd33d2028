/// Gzip of bytes in memory; equal bytes give equal files (no name, no time).
public enum GzipBytes {
    /// One gzip member.
    public static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        var packed: [UInt8] = []
        let writer = try GzipWriter { packed.append(contentsOf: $0) }
        try bytes.withUnsafeBytes { try writer.write($0) }
        try writer.finish()
        return packed
    }

    /// What a gzip file holds.
    ///
    /// - Parameter source: named in errors.
    /// - Throws: `LockstepError(.data)` when the stream is damaged, cut short or holds more than there is
    ///   memory for.
    public static func decompress(_ packed: [UInt8], source: String) throws -> [UInt8] {
        var offset = 0
        let reader = try GzipReader(path: source) { buffer in
            let count = min(buffer.count, packed.count - offset)
            buffer.copyBytes(from: packed[offset..<offset + count])
            offset += count
            return count
        }
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { piece.deallocate() }
        while case let count = try reader.read(into: piece), count > 0 {
            if bytes.count + count > bytes.capacity {
                // Growing doubles it, with the old bytes beside the new ones.
                try AvailableMemory.require(2 * (bytes.count + count), for: "what is compressed in \(source)")
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece.prefix(count)))
        }
        return bytes
    }
}
