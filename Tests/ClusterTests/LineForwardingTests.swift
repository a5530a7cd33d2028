import ClusterTypes
import CoordinatorService
import Diagnostics
import Foundation
import JobLifecycle
import Testing
import Wire
import WorkerService

@Suite struct LineForwardingTests {
    static let attempt = AttemptID(job: JobName("job"), number: 1)

    struct Case: Sendable {
        var name: String
        var stored: UInt64
        var offset: UInt64
        var lines: [String]
        var next: UInt64
    }

    /// The piece is always `aa\nbb\n`: six bytes.
    @Test(arguments: [
        Case(name: "new", stored: 10, offset: 10, lines: ["aa", "bb"], next: 16),
        Case(name: "sent twice", stored: 16, offset: 10, lines: [], next: 16),
        Case(name: "sent twice long ago", stored: 99, offset: 10, lines: [], next: 99),
        Case(name: "half known", stored: 13, offset: 10, lines: ["bb"], next: 16),
        Case(name: "after a gap", stored: 5, offset: 10, lines: [], next: 5),
    ])
    func `a piece is stored once`(example: Case) throws {
        let chunk = LineChunk(
            attempt: Self.attempt, stream: "algo-1", offset: example.offset, data: Array("aa\nbb\n".utf8))
        let intake = try LineIntake(chunk, stored: example.stored)
        #expect(intake.lines == example.lines && intake.next == example.next)
    }

    @Test func `a piece that ends within a line is refused`() {
        let chunk = LineChunk(attempt: Self.attempt, stream: "events", offset: 0, data: Array("aa".utf8))
        #expect(throws: LockstepError.self) { try LineIntake(chunk, stored: 0) }
    }

    @Test func `log lines carry their own time, others the time of arrival`() throws {
        let data = Array("12.5\ta\tb\nno time\n\n".utf8)
        let chunk = LineChunk(attempt: Self.attempt, stream: "algo-1", offset: 0, data: data)
        let lines = try LineIntake(chunk, stored: 0).logLines(receivedAt: 99)
        #expect(
            lines == [
                LogLine(time: 12.5, text: "a\tb"), LogLine(time: 99, text: "no time"),
                LogLine(time: 99, text: ""),
            ])
    }

    @Test func `events that cannot be read are left out`() throws {
        let data = Array("{\"kind\":\"training\",\"time\":1,\"new\":2}\n{\"kind\":\"other\"}\n{\n".utf8)
        let chunk = LineChunk(attempt: Self.attempt, stream: "events", offset: 0, data: data)
        #expect(try LineIntake(chunk, stored: 0).events().map(\.kind) == [.training])
    }

    @Test func `a tail hands out whole lines, one piece at a time`() async throws {
        try await withScratchFolder { folder in
            let path = folder + "/algo-1.log"
            var tail = StreamTail(path: path, stream: "algo-1")
            let nothing = tail.next(Self.attempt)
            #expect(nothing == nil && tail.isDrained)
            try "one\ntwo\nthr".write(toFile: path, atomically: true, encoding: .utf8)
            let next = tail.next(Self.attempt)
            let piece = try #require(next)
            #expect(piece.offset == 0 && piece.data == Array("one\ntwo\n".utf8))
            let early = tail.next(Self.attempt)
            #expect(early == nil, "the first piece is still on its way")
            #expect(!tail.isDrained)
            tail.disconnected()
            let again = tail.next(Self.attempt)
            #expect(again == piece, "a lost piece is sent again")
            tail.received(8)
            #expect(tail.isDrained)
            try "one\ntwo\nthree\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(!tail.isDrained)
            let last = tail.next(Self.attempt)
            #expect(last?.data == Array("three\n".utf8))
            // The coordinator may know less than the worker believes: it decides.
            tail.received(4)
            let back = tail.next(Self.attempt)
            #expect(back?.offset == 4)
        }
    }
}
