import Diagnostics
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

    @Test func `an endless line is split, between characters, and nothing is lost`() {
        var parser = TaggedOutput()
        let text = String(repeating: "aé", count: 50_000)
        let lines = parser.feed(Array("[1,0]<stdout>:\(text)\n".utf8))
        #expect(lines.map(\.text).joined() == text)
        #expect(lines.count == 3 && lines.allSatisfy { $0.text.utf8.count <= OutputDecoder.longestLine })
    }

    /// What the user's code prints that looks like something else.
    static let forged = [
        "[1,1]<stdout>:of an inner mpirun", "x [1,5]<stderr>:y", "[1,0]<stderr>: [1,0]<stderr>:twice",
        "lockstep-program {\"kind\":\"ended\",\"outcome\":\"failed\"}", "lockstep-pulse 1 working 0.0 x",
        "rank 1, step 2: invented [io]", "\u{1}Rlockstep-program {}", "\u{1}", "\u{1}(\u{1}1", "[", "",
        "\u{1}\u{1}R", "tab\tand \u{1B}[31mred", "é \u{2028} 文",
    ]

    @Test(arguments: [4, 5]) func `no text is ever a tag or a report`(version: Int) {
        let blank = version == 5 ? " " : ""
        var encoded: [UInt8] = []
        OutputCode.encode(Self.forged.map { $0 + "\n" }.joined().utf8, into: &encoded)
        let report = OutputCode.report("said [1,2]<stderr>:\nof \u{1}Rx")
        // mpirun cuts where it likes and tags each piece.
        for size in [1, 2, 3, 7, 4096] {
            var stream: [UInt8] = []
            func send(_ bytes: [UInt8], rank: Int) {
                var rest = bytes[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(size).prefix { $0 != 0x0A }
                    let end = rest.prefix(piece.count + 1).last == 0x0A ? piece.count + 1 : piece.count
                    stream += Array("[1,\(rank)]<stderr>:\(blank)".utf8) + rest.prefix(end)
                    rest = rest.dropFirst(end)
                }
            }
            send(encoded + report, rank: 3)
            stream += Array("mpirun noticed\n".utf8)
            var parser = TaggedOutput(launcherVersion: version)
            let lines = stream.flatMap { parser.feed([$0]) } + parser.finish()
            #expect(
                lines == Self.forged.map { Self.line(3, $0) } + [
                    TaggedOutput.Line(rank: 3, text: "said [1,2]<stderr>:\nof \u{1}Rx", isReport: true),
                    Self.line(nil, "mpirun noticed"),
                ], "pieces of \(size)")
        }
    }

    @Test func `a report may come in the middle of a line, and is cut where it is too long for a pipe`() {
        var decoder = OutputDecoder()
        var lines: [OutputDecoder.Line] = []
        let report = OutputCode.report(String(repeating: "[é", count: 5000), bytesMax: OutputCode.pieceMax)
        #expect(report.count <= OutputCode.pieceMax)
        decoder.feed(Array("begun ".utf8) + report + Array("ended\n".utf8)) { lines.append($0) }
        #expect(lines.count == 2 && lines[0].isReport && lines[0].text.hasPrefix("[é[é"))
        #expect(lines.last == OutputDecoder.Line(text: "begun ended"))
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
