import Glibc

/// One of a program's two output streams on its way into the log: which of its pieces become lines there,
/// and when.
package struct OutputStream {
    /// A progress bar's states become lines no more often, in seconds. What has no end yet waits as long.
    package static let pauseSeconds = 1.0
    /// What C's streams and Python's collect before they write: such a piece ends anywhere in a line.
    private static let blockBytes = 4096

    let descriptor: Int32
    /// 1 or 2.
    let target: Int32
    private var cutter = LineCutter()
    /// The last state of a progress bar, when it came too early for a line.
    private var held: [UInt8]?
    private var isBehindReturn = false
    /// When a state became a line.
    private var shownAt = -Self.pauseSeconds
    /// Since when there is something without an end.
    private var unfinishedSince: Double?
    private var byteCount = 0

    package init(descriptor: Int32, target: Int32) {
        self.descriptor = descriptor
        self.target = target
    }

    /// Whether time alone will bring a line.
    package var isWaiting: Bool { held != nil || unfinishedSince != nil }

    /// - Parameters:
    ///   - now: seconds of a clock that never goes back.
    ///   - search: takes each piece whole, for its metrics.
    ///   - log: takes each line of the log.
    package mutating func feed(
        _ bytes: UnsafeBufferPointer<UInt8>, at now: Double,
        search: (UnsafeBufferPointer<UInt8>) -> Void, log: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        byteCount += bytes.count
        var cutter = cutter
        var hasEnd = false
        cutter.feed(bytes) { piece in
            hasEnd = true
            take(piece, now, search, log)
        }
        self.cutter = cutter
        if !cutter.hasUnfinished {
            unfinishedSince = nil
        } else if hasEnd || unfinishedSince == nil {
            unfinishedSince = now
        }
    }

    /// Shows what has waited long enough.
    package mutating func look(at now: Double, log: (UnsafeBufferPointer<UInt8>) -> Void) {
        if held != nil, now - shownAt >= Self.pauseSeconds { showHeld(now, log) }
        guard let unfinishedSince, now - unfinishedSince >= Self.pauseSeconds else { return }
        self.unfinishedSince = nil
        // The rest of a line that stands in a buffer is not worth two lines.
        guard byteCount % Self.blockBytes != 0 else { return }
        showHeld(now, log)
        cutter.showUnfinished(log)
        shownAt = now
    }

    package mutating func finish(
        search: (UnsafeBufferPointer<UInt8>) -> Void, log: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var cutter = cutter
        cutter.finish { take($0, .infinity, search, log) }
        self.cutter = cutter
        showHeld(.infinity, log)
    }

    private mutating func take(
        _ piece: LineCutter.Piece, _ now: Double, _ search: (UnsafeBufferPointer<UInt8>) -> Void,
        _ log: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        search(piece.whole)
        let wasBehindReturn = isBehindReturn
        isBehindReturn = piece.end == .carriageReturn
        if piece.isShown { return }
        switch piece.end {
        case .carriageReturn:
            guard !piece.whole.isEmpty else { return }
            held = Array(piece.fresh)
            if now - shownAt >= Self.pauseSeconds { showHeld(now, log) }
        case .newline, .bound:
            showHeld(now, log)
            // The line of a bar ends with a newline that has nothing before it.
            if !(wasBehindReturn && piece.whole.isEmpty) { log(piece.fresh) }
        }
    }

    private mutating func showHeld(_ now: Double, _ log: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard let held else { return }
        held.withUnsafeBufferPointer(log)
        self.held = nil
        shownAt = now
    }
}
