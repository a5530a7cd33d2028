/// Takes what a rank wrote to one stream apart again: text line by line, and reports.
package struct OutputDecoder: Sendable {
    /// A line without its newline, or a report.
    package struct Line: Sendable, Equatable {
        package var text: String
        /// Whether the platform says it, not the program.
        package var isReport: Bool
        package init(text: String, isReport: Bool = false) {
            self.text = text
            self.isReport = isReport
        }
    }

    /// Longer lines of text are split, in bytes.
    package static let longestLine = 64 << 10
    /// Nothing that the platform says is so long, in bytes.
    private static let longestReport = 1 << 20

    private var text: [UInt8] = []
    private var report: [UInt8]?
    private var isEscaped = false

    package init() {}

    /// Takes bytes as they come and gives the lines that they complete.
    package mutating func feed(_ bytes: some Sequence<UInt8>, _ take: (Line) -> Void) {
        for byte in bytes {
            if isEscaped {
                isEscaped = false
                resolve(byte, take)
            } else if byte == OutputCode.escape {
                isEscaped = true
            } else if byte == 0x0A {
                end(take)
            } else {
                put(byte, take)
            }
        }
    }

    /// Gives a last line that has no newline.
    package mutating func finish(_ take: (Line) -> Void) {
        if isEscaped { put(OutputCode.escape, take) }
        isEscaped = false
        report = nil
        if !text.isEmpty { end(take) }
    }

    private mutating func resolve(_ byte: UInt8, _ take: (Line) -> Void) {
        switch byte {
        case OutputCode.bracket: put(UInt8(ascii: "["), take)
        case OutputCode.own: put(OutputCode.escape, take)
        case OutputCode.newline: put(0x0A, take)
        case OutputCode.report: report = []
        default:
            // Text of somebody who does not encode: before a rank's own code runs.
            put(OutputCode.escape, take)
            feed(CollectionOfOne(byte), take)
        }
    }

    private mutating func put(_ byte: UInt8, _ take: (Line) -> Void) {
        if let count = report?.count {
            if count < Self.longestReport { report?.append(byte) }
            return
        }
        text.append(byte)
        guard text.count > Self.longestLine else { return }
        let split = OutputCode.boundary(text, before: Self.longestLine)
        take(Line(text: String(decoding: text[..<split], as: UTF8.self)))
        text.removeFirst(split)
    }

    private mutating func end(_ take: (Line) -> Void) {
        if let report {
            take(Line(text: String(decoding: report, as: UTF8.self), isReport: true))
            self.report = nil
        } else {
            take(Line(text: String(decoding: text, as: UTF8.self)))
            text.removeAll(keepingCapacity: true)
        }
    }
}
