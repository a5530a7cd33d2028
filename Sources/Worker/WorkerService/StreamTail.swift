package import ClusterTypes
import Glibc
package import Wire

/// Follows one growing file of an attempt and hands out whole lines, one piece at a time: the next
/// piece leaves when the coordinator has told how far it has stored the stream. So nothing is lost
/// over a reconnect, and what is sent twice is recognised by its offset.
package struct StreamTail {
    let path: String
    let stream: String
    /// The coordinator has everything before this byte.
    package private(set) var stored: UInt64 = 0
    private var isWaiting = false

    /// Most bytes in one piece; longer than any line.
    static let pieceBytes = 256 << 10

    package init(path: String, stream: String) {
        self.path = path
        self.stream = stream
    }

    /// The next piece, or `nil` when there is none or one is on its way.
    package mutating func next(_ attempt: AttemptID) -> LineChunk? {
        guard !isWaiting, let bytes = whole(), !bytes.isEmpty else { return nil }
        isWaiting = true
        return LineChunk(attempt: attempt, stream: stream, offset: stored, data: bytes)
    }

    /// The coordinator has told how far it is.
    package mutating func received(_ next: UInt64) {
        stored = next
        isWaiting = false
    }

    /// The connection is gone, and with it what was on its way.
    package mutating func disconnected() { isWaiting = false }

    /// Whether the coordinator has every whole line of the file.
    package var isDrained: Bool { !isWaiting && (whole()?.isEmpty ?? true) }

    /// Whole lines from `stored` on.
    private func whole() -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, let size = UInt64(exactly: information.st_size),
            size > stored
        else { return nil }
        let available = min(size - stored, UInt64(Self.pieceBytes))
        var bytes = [UInt8](repeating: 0, count: Int(available))
        let count = pread(descriptor, &bytes, bytes.count, off_t(stored))
        guard count > 0 else { return nil }
        guard let newline = bytes[..<count].lastIndex(of: 0x0A) else { return [] }
        return Array(bytes[...newline])
    }
}
