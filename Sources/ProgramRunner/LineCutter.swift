/// Cuts a stream into lines without ever holding much of it.
package struct LineCutter {
    /// What a line has more is left out.
    package static let bytesMax = 1 << 16
    private static let mark = Array(" … (cut)".utf8)

    private var rest: [UInt8] = []
    private var isCut = false

    package init() {}

    /// Gives every line that `bytes` completes, without its newline.
    package mutating func feed(
        _ bytes: UnsafeBufferPointer<UInt8>, _ take: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var begin = 0
        while begin < bytes.count {
            let remaining = UnsafeBufferPointer(rebasing: bytes[begin...])
            guard let end = remaining.firstIndex(of: 0x0A) else { return keep(remaining) }
            let line = UnsafeBufferPointer(rebasing: remaining[..<end])
            if rest.isEmpty, !isCut, line.count <= Self.bytesMax {
                take(line)
            } else {
                keep(line)
                finish(take)
            }
            begin += end + 1
        }
    }

    /// Gives the last line, which has no newline, where there is one.
    package mutating func finish(_ take: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard !rest.isEmpty || isCut else { return }
        if isCut { rest += Self.mark }
        rest.withUnsafeBufferPointer(take)
        rest.removeAll(keepingCapacity: true)
        isCut = false
    }

    private mutating func keep(_ bytes: UnsafeBufferPointer<UInt8>) {
        let room = Self.bytesMax - rest.count
        rest += bytes.prefix(room)
        if bytes.count > room { isCut = true }
    }
}
