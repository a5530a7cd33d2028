import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

extension FileSystem {
    private static let pieceByteCount = 1 << 18

    /// Reads from where a descriptor stands to the end, in constant memory.
    ///
    /// - Parameters:
    ///   - path: for messages.
    ///   - body: takes one piece after the other.
    /// - Throws: `LockstepError` naming the path, or what `body` throws.
    package static func readPieces(
        of descriptor: Int32, path: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try withUnsafeTemporaryAllocation(byteCount: pieceByteCount, alignment: 16) { piece in
            while true {
                let count = read(descriptor, piece.baseAddress, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw LockstepError.system("read", path) }
                guard count > 0 else { return }
                try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            }
        }
    }
}
