import Diagnostics
import Testing

import ProgramRunner

/// What a program prints, and what of it becomes a line of the log.
@Suite("What a program prints")
struct OutputStreamTests {
    /// A stream and what has come of it.
    fileprivate struct Bed {
        var stream = OutputStream(descriptor: -1, target: 2)
        var lines: [String] = []
        var pieces: [String] = []

        mutating func feed(_ text: String, at now: Double) { feed(Array(text.utf8), at: now) }

        mutating func feed(_ bytes: [UInt8], at now: Double) {
            bytes.withUnsafeBufferPointer {
                stream.feed(
                    $0, at: now, search: { pieces.append(String(decoding: $0, as: UTF8.self)) },
                    log: { lines.append(String(decoding: $0, as: UTF8.self)) })
            }
        }

        mutating func look(at now: Double) {
            stream.look(at: now) { lines.append(String(decoding: $0, as: UTF8.self)) }
        }

        mutating func finish() {
            stream.finish(
                search: { pieces.append(String(decoding: $0, as: UTF8.self)) },
                log: { lines.append(String(decoding: $0, as: UTF8.self)) })
        }
    }

    struct Example: CustomTestStringConvertible {
        var text: String
        var lines: [String]
        var testDescription: String { text.debugDescription }
    }

    static let examples = [
        Example(text: "a\nb\n", lines: ["a", "b"]),
        Example(text: "\n\na", lines: ["", "", "a"]),
        Example(text: "a\r\nb\r\n", lines: ["a", "b"]),
        Example(text: "a\r\r\nb\n", lines: ["a", "b"]),
        Example(text: "\r50%\r100%\ndone\n", lines: ["50%", "100%", "done"]),
        Example(text: "\r1%\r2%\r3%\r100%\n", lines: ["1%", "3%", "100%"]),
        Example(text: "1%\r2%\r3%\r", lines: ["1%", "3%"]),
        Example(text: "tab\there [1,0]<stdout>:é\n", lines: ["tab\there [1,0]<stdout>:é"]),
    ]

    @Test("at once", arguments: examples)
    func atOnce(_ example: Example) {
        for isSlow in [false, true] {
            var bed = Bed()
            if isSlow {
                for byte in example.text.utf8 { bed.feed([byte], at: 5) }
            } else {
                bed.feed(example.text, at: 5)
            }
            bed.finish()
            #expect(bed.lines == example.lines)
        }
    }

    @Test("a progress bar becomes a line a second, its end is kept, and each state is searched")
    func progress() {
        var bed = Bed()
        for step in 0...300 {
            bed.feed("\r\(step)/300 loss=\(300 - step)", at: Double(step) / 10)
            bed.look(at: Double(step) / 10)
        }
        bed.feed("\n", at: 30.1)
        #expect((25...40).contains(bed.lines.count), "\(bed.lines)")
        #expect(bed.lines.last == "300/300 loss=0")
        #expect(bed.pieces.filter { !$0.isEmpty }.count == 301)
    }

    @Test("what has no end is shown after a second, and its line is searched whole")
    func unfinished() {
        var bed = Bed()
        bed.feed("epoch 1 é".utf8.dropLast(), at: 0)
        bed.look(at: 0.5)
        #expect(bed.lines == [] && bed.stream.isWaiting)
        bed.look(at: 1.1)
        #expect(bed.lines == ["epoch 1 "] && !bed.stream.isWaiting)
        bed.feed("é".utf8.dropFirst() + Array(" loss=3\n".utf8), at: 9)
        #expect(bed.lines == ["epoch 1 ", "é loss=3"] && bed.pieces == ["epoch 1 é loss=3"])
        bed.feed("all of it", at: 10)
        bed.look(at: 12)
        bed.feed("\nnext\n", at: 13)
        #expect(bed.lines.suffix(2) == ["all of it", "next"])
        // A state that came too early for a line gets one when nothing follows.
        bed.feed("1%\r2%\r3%\r", at: 14)
        bed.look(at: 14.5)
        #expect(bed.lines.last == "1%")
        bed.look(at: 15.5)
        #expect(bed.lines.last == "3%")
    }

    @Test("a full buffer that ends in a line does not make two of it")
    func buffered() {
        var bed = Bed()
        let text = String(repeating: "0123456789abcdef\n", count: 241)
        bed.feed(String(text.prefix(4096)), at: 0)
        bed.look(at: 60)
        bed.feed(String(text.dropFirst(4096)), at: 61)
        #expect(bed.lines == text.split(separator: "\n").map(String.init))
    }

    @Test("a long line is split between characters, and nothing is lost")
    func long() {
        var bed = Bed()
        let text = "x" + String(repeating: "é", count: 100_000)
        for piece in stride(from: 0, to: text.utf8.count, by: 1000) {
            bed.feed(Array(text.utf8.dropFirst(piece).prefix(1000)), at: 0)
        }
        bed.feed("\n", at: 0)
        #expect(bed.lines.joined() == text && bed.lines.count == 4)
        #expect(bed.lines.allSatisfy { $0.utf8.count <= LineCutter.bytesMax })
    }
}

extension OutputStreamTests.Bed {
    fileprivate mutating func feed(_ bytes: some Sequence<UInt8>, at now: Double) {
        feed(Array(bytes), at: now)
    }
}
