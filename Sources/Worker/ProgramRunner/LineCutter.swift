import Diagnostics
import Glibc

/// Cuts a stream into lines without ever holding much of it. A carriage return ends a piece too, and so does
/// the bound: nothing is lost.
package struct LineCutter {
    package enum End: Sendable, Equatable {
        /// A newline, `\r\n`, or the stream's end.
        case newline
        case carriageReturn
        /// More of the line follows.
        case bound
    }

    package struct Piece {
        /// All of it, without what ended it.
        package let whole: UnsafeBufferPointer<UInt8>
        /// What `showUnfinished` has not given yet.
        package let fresh: UnsafeBufferPointer<UInt8>
        package let end: End
        package var isShown: Bool { fresh.isEmpty && !whole.isEmpty }
    }

    /// Longer lines are split, between characters.
    package static let bytesMax = 1 << 16

    private var rest: [UInt8] = []
    private var shownCount = 0
    /// Whether the next byte tells a carriage return from a newline of two bytes.
    private var isBehindReturn = false

    package init() {}

    /// Whether there is something that `showUnfinished` would give.
    package var hasUnfinished: Bool { isBehindReturn || rest.count > shownCount }

    /// Gives every piece that `bytes` completes.
    package mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, _ take: (Piece) -> Void) {
        var begin = 0
        while begin < bytes.count {
            if isBehindReturn {
                isBehindReturn = false
                let isNewline = bytes[begin] == 0x0A
                give(isNewline ? .newline : .carriageReturn, take)
                if isNewline { begin += 1 }
                continue
            }
            let remaining = UnsafeBufferPointer(rebasing: bytes[begin...])
            guard let end = Self.end(of: remaining) else { return keep(remaining, take) }
            let line = UnsafeBufferPointer(rebasing: remaining[..<end])
            if remaining[end] == 0x0D {
                keep(line, take)
                isBehindReturn = true
            } else if rest.isEmpty, line.count <= Self.bytesMax {
                take(Piece(whole: line, fresh: line, end: .newline))
            } else {
                keep(line, take)
                give(.newline, take)
            }
            begin += end + 1
        }
    }

    /// Gives what has no end yet, for people who wait; its end comes later.
    package mutating func showUnfinished(_ take: (UnsafeBufferPointer<UInt8>) -> Void) {
        let end = OutputCode.completeCount(rest)
        guard end > shownCount else { return }
        rest.withUnsafeBufferPointer { take(UnsafeBufferPointer(rebasing: $0[shownCount..<end])) }
        shownCount = end
    }

    /// Gives the last piece, which nothing ended, where there is one.
    package mutating func finish(_ take: (Piece) -> Void) {
        if isBehindReturn || !rest.isEmpty { give(isBehindReturn ? .carriageReturn : .newline, take) }
        isBehindReturn = false
    }

    private mutating func give(_ end: End, _ take: (Piece) -> Void) {
        give(rest.count, end, take)
    }

    private mutating func give(_ count: Int, _ end: End, _ take: (Piece) -> Void) {
        rest.withUnsafeBufferPointer { bytes in
            let whole = UnsafeBufferPointer(rebasing: bytes[..<count])
            let fresh = UnsafeBufferPointer(rebasing: bytes[min(shownCount, count)..<count])
            take(Piece(whole: whole, fresh: fresh, end: end))
        }
        rest.removeFirst(count)
        shownCount = max(0, shownCount - count)
    }

    private mutating func keep(_ bytes: UnsafeBufferPointer<UInt8>, _ take: (Piece) -> Void) {
        rest += bytes
        while rest.count > Self.bytesMax {
            give(OutputCode.boundary(rest, before: Self.bytesMax), .bound, take)
        }
    }

    /// Place of the first newline or carriage return.
    private static func end(of bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let newline = place(of: 0x0A, in: bytes)
        let line = UnsafeBufferPointer(rebasing: bytes[..<(newline ?? bytes.count)])
        return place(of: 0x0D, in: line) ?? newline
    }

    private static func place(of byte: Int32, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let start = bytes.baseAddress, let found = memchr(start, byte, bytes.count) else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(start)
    }
}
