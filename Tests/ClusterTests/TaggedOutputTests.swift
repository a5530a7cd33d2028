import Testing
import WorkerService

@Suite struct TaggedOutputTests {
    struct Case: Sendable {
        var pieces: [String]
        var lines: [TaggedOutput.Line]
    }

    static func line(_ rank: Int?, _ text: String) -> TaggedOutput.Line {
        TaggedOutput.Line(rank: rank, text: text)
    }

    @Test func `Open MPI 5 puts a blank behind the tag`() {
        var parser = TaggedOutput(launcherVersion: 5)
        #expect(parser.feed(Array("[1,0]<stdout>:  two\n".utf8)) == [.init(rank: 0, text: " two")])
        #expect(LauncherVersion.parse("mpirun (Open MPI) 5.0.11\n") == 5)
        #expect(LauncherVersion.parse("mpirun (Open MPI) 4.1.4\n") == 4)
        #expect(LauncherVersion.parse("Intel(R) MPI Library") == nil)
    }

    @Test(arguments: [
        Case(pieces: ["[1,0]<stdout>:a\n[1,12]<stderr>:b\n"], lines: [line(0, "a"), line(12, "b")]),
        Case(
            pieces: ["mpirun noticed\n[1,0]<stdout>:\n"], lines: [line(nil, "mpirun noticed"), line(0, "")]),
        Case(pieces: ["[1", ",", "0]<std", "out>:a", "b\n"], lines: [line(0, "ab")]),
        // A rank's line in two pieces, with another rank's line between them.
        Case(
            pieces: ["[1,0]<stdout>:long ", "[1,1]<stdout>:short\n", "[1,0]<stdout>:line\n"],
            lines: [line(1, "short"), line(0, "long line")]),
        Case(pieces: ["[1,0]<stdout>:[1] [2,x] [3,4] text\n"], lines: [line(0, "[1] [2,x] [3,4] text")]),
        Case(pieces: ["[1,0]<stdout>:no newline"], lines: [line(0, "no newline")]),
        Case(pieces: ["[1,0]<stdout>:ends in [1,"], lines: [line(0, "ends in [1,")]),
    ])
    func `lines go to their ranks`(example: Case) {
        var parser = TaggedOutput()
        var lines: [TaggedOutput.Line] = []
        for piece in example.pieces { lines += parser.feed(Array(piece.utf8)) }
        #expect(lines + parser.finish() == example.lines)
        // The same, byte by byte.
        var slow = TaggedOutput()
        lines = example.pieces.joined().utf8.flatMap { slow.feed([$0]) }
        #expect(lines + slow.finish() == example.lines)
    }

    @Test func `an endless line is cut`() {
        var parser = TaggedOutput()
        let bytes = Array("[1,0]<stdout>:".utf8) + [UInt8](repeating: 0x61, count: 100_000) + [0x0A]
        let lines = parser.feed(bytes)
        #expect(
            lines.map(\.text.utf8.count) == [TaggedOutput.longestLine, 100_000 - TaggedOutput.longestLine])
    }

    @Test(arguments: [
        (
            "mpirun noticed that process rank 1 with PID 77 on node a exited on signal 9 (Killed).",
            GangVerdict(rank: 1, signal: 9)
        ),
        ("  Process name: [[4711,1],3]", GangVerdict(rank: 3)),
        ("MPI_ABORT was invoked on rank 2 in communicator MPI_COMM_WORLD", GangVerdict(rank: 2)),
        ("something else on rank 4", GangVerdict()),
        (
            "mpirun was unable to launch the specified application as it could not access",
            GangVerdict(didNotStart: true)
        ),
    ])
    func `mpirun's words name the rank that failed first`(line: String, verdict: GangVerdict) {
        var read = GangVerdict()
        read.read(line)
        #expect(read == verdict)
        read.read("mpirun noticed that process rank 9 with PID 1 on node b exited on signal 6 (Aborted).")
        #expect(read.rank == verdict.rank ?? 9)
    }
}
