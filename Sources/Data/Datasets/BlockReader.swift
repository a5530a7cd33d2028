import Diagnostics
import Storage

/// A window on a file that moves forward block by block.
///
/// Parsers work on the window's bytes by pointer; the window always ends in a line feed and zeros that
/// are not in the file, so that a loop over digits or a word-wide read stops by itself.
final class BlockReader {
    static let blockSize = 1 << 20
    /// Bytes beyond `end` that may be read.
    static let padding = 64

    let file: InputFile
    /// First byte of the window.
    private(set) var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    /// The window's unread bytes: `base + start ..< base + end`.
    var start = 0
    private(set) var end = 0
    /// Whether the window reaches to the end of the file.
    private(set) var isAtEnd = false
    /// Offset of the window's first byte in the uncompressed file.
    private var baseOffset = 0
    /// Line of the first unread byte, from 1, for errors; 0 in a binary file.
    var line = 0
    /// The longest line or record that is read, in bytes; `nil`: as long as memory allows.
    private let recordLimit: Int?

    /// - Parameter recordLimit: bytes of the longest line or record.
    init(_ file: InputFile, blockSize: Int = BlockReader.blockSize, recordLimit: Int? = nil) {
        self.file = file
        self.recordLimit = recordLimit
        // One byte more than a small plain file has, so that the first read finds its end.
        capacity = file.isGzip ? blockSize : min(blockSize, file.byteCount &+ 1)
        base = .allocate(capacity: capacity + Self.padding)
        seal()
    }

    deinit { base.deallocate() }

    /// Offset in the uncompressed file of the first unread byte.
    var offset: Int { baseOffset + start }
    var unreadCount: Int { end - start }

    /// Keeps the unread bytes, at the window's head, and reads more behind them.
    ///
    /// - Returns: `false` when the file has no more bytes.
    func fill() throws -> Bool {
        guard !isAtEnd else { return false }
        let kept = end - start
        if start > 0 {
            base.update(from: base + start, count: kept)
            baseOffset += start
        } else if kept == capacity {
            try grow()
        }
        (start, end) = (0, kept)
        let room = UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
        let count = try file.read(into: room)
        end += count
        isAtEnd = count < room.count
        seal()
        return count > 0
    }

    /// Fills until `count` bytes are unread.
    ///
    /// - Returns: whether that many are there.
    func require(_ count: Int) throws -> Bool {
        while unreadCount < count, try fill() {}
        return unreadCount >= count
    }

    /// Makes `target` the first unread byte.
    func seek(to target: Int) throws {
        if target >= baseOffset, target <= baseOffset + end {
            start = target - baseOffset
            return
        }
        try file.seek(to: target)
        (baseOffset, start, end, isAtEnd) = (target, 0, 0, false)
        seal()
    }

    /// - Throws: `LockstepError(.data)` naming the place of a line or record that is too long to be read.
    func checkLength(_ count: Int) throws {
        let place = line > 0 ? "line \(line)" : "byte \(offset)"
        let what = "\(file.path), \(place): a \(line > 0 ? "line" : "record") of \(count) bytes (or more)"
        if let recordLimit, count > recordLimit {
            throw LockstepError(
                .data,
                "\(what) is too long to be looked at (at most \(recordLimit) bytes)"
                    + (line > 0 ? "; do its lines end in line feeds?" : ""))
        }
        // The window while it grows, and what a parser makes of the bytes.
        try AvailableMemory.require(count.multipliedReportingOverflow(by: 8).partialValue, for: what)
    }

    private func grow() throws {
        try checkLength(capacity + 1)
        let bigger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2 + Self.padding)
        bigger.update(from: base, count: end)
        base.deallocate()
        (base, capacity) = (bigger, capacity * 2)
    }

    private func seal() {
        base[end] = UInt8(ascii: "\n")
        (base + end + 1).update(repeating: 0, count: Self.padding - 1)
    }
}
