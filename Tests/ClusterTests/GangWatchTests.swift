import ClusterTypes
import Testing
import WorkerService

/// Who is hung, told from what each rank says of itself.
@Suite struct GangWatchTests {
    /// What a rank does from a second on, as its watchdog tells it every second.
    enum Act: Sendable {
        /// No pulse from then on.
        case silent
        /// In one operation since then.
        case waiting, working, storing
        /// Working, and finishing something all the time.
        case busy
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// For each rank, what it does and since when.
        var ranks: [[(since: Int, act: Act)]]
        /// Whom the watch finds, and in which second; `nil`: nobody within 60 s.
        var rank: Int?
        var second: Int?
        /// A time in which the supervisor itself is stopped.
        var pause: Range<Int> = 0..<0
    }

    static let cases = [
        Case(testDescription: "all work", ranks: [[(0, .busy)], [(0, .busy)]]),
        Case(
            testDescription: "a slow rank that gets on",
            ranks: [[(0, .waiting)], [(0, .busy)], [(0, .waiting)]]),
        Case(
            testDescription: "a stopped rank", ranks: [[(5, .waiting)], [(5, .silent)]], rank: 1, second: 9),
        Case(
            testDescription: "a stuck rank", ranks: [[(5, .waiting)], [(5, .waiting)], [(5, .working)]],
            rank: 2, second: 9),
        Case(
            testDescription: "a stuck rank without peers that wait",
            ranks: [[(5, .working)], [(5, .working)]]),
        Case(
            testDescription: "storage has three times as long",
            ranks: [[(5, .storing)], [(5, .waiting)]], rank: 0, second: 17),
        Case(
            testDescription: "a file that hangs needs nobody to wait for it",
            ranks: [[(5, .storing)], [(6, .storing)]], rank: 0, second: 17),
        Case(
            testDescription: "storage in time",
            ranks: [[(5, .storing), (14, .waiting)], [(5, .waiting), (14, .busy)]]),
        Case(
            testDescription: "never heard of", ranks: [[(2, .waiting)], [(0, .silent)]], rank: 1, second: 6),
        Case(
            testDescription: "all wait for each other", ranks: [[(5, .waiting)], [(6, .waiting)]], rank: nil,
            second: 14),
        Case(
            testDescription: "all are stopped", ranks: [[(5, .silent)], [(5, .silent)]], rank: nil,
            second: 11),
        Case(
            testDescription: "the supervisor was stopped", ranks: [[(0, .busy)], [(0, .busy)]],
            pause: 10..<40),
        Case(
            testDescription: "the supervisor and all ranks were stopped amid a wait",
            ranks: [[(9, .waiting), (41, .busy)], [(9, .busy)]], pause: 10..<40),
    ]

    @Test(arguments: cases)
    func `the watch finds`(_ example: Case) {
        var watch = GangWatch(timeout: 4, world: example.ranks.count)
        var found: (finding: GangWatch.Finding, second: Int)?
        for second in 0..<60 where found == nil && !example.pause.contains(second) {
            // As in the supervisor: five looks a second, pulses in between.
            for (rank, acts) in example.ranks.enumerated() {
                guard let now = acts.last(where: { $0.since <= second }) else {
                    _ = watch.read("lockstep-pulse 6 working 0.010 computing", rank: rank)
                    continue
                }
                let seconds = Double(second - now.since)
                switch now.act {
                case .silent: break
                case .busy: _ = watch.read("lockstep-pulse 7 working 0.020 computing shard 3", rank: rank)
                case .waiting:
                    _ = watch.read("lockstep-pulse 7 waiting \(seconds) allreduce in sum of x", rank: rank)
                case .working:
                    _ = watch.read("lockstep-pulse 7 working \(seconds) computing shard 3", rank: rank)
                case .storing:
                    _ = watch.read("lockstep-pulse 7 storing \(seconds) writing the model", rank: rank)
                }
            }
            for look in 0..<5 where found == nil {
                found = watch.check(at: Double(second) + Double(look) / 5).map { ($0, second) }
            }
        }
        #expect(found?.second == example.second, "\(found as Any)")
        #expect(found?.finding.rank == example.rank, "\(found as Any)")
    }

    @Test func `a world that does not come up is found`() {
        var watch = GangWatch(timeout: 4, world: 2)
        let findings = (0..<30).map { watch.check(at: 100 + Double($0) / 5) }
        let first = findings.firstIndex { $0 != nil }
        #expect(first == 20)
        #expect(first.flatMap { findings[$0] }?.sentence == "no rank has begun within 4 s of its start")
        #expect(findings.allSatisfy { $0?.rank == nil })
    }

    @Test func `the finding says who does what in which step`() {
        var watch = GangWatch(timeout: 4, world: 2)
        let lines = [
            (0, "lockstep-pulse 7 waiting 5.0 allreduce in sum of x"),
            (1, "lockstep-pulse 7 working 4.5 computing shard 3"), (1, "a line for people"),
        ]
        let arePulses = lines.map { watch.read($0.1, rank: $0.0) }
        #expect(arePulses == [true, true, false])
        let finding = watch.check(at: 0)
        #expect(finding?.rank == 1 && finding?.step == 7)
        #expect(
            finding?.sentence
                == "made no progress for 4 s while others wait for it, in step 8: computing shard 3")
    }
}

/// What ranks and `mpirun` say about an end.
@Suite struct RankReportTests {
    @Test func `what a rank writes, its supervisor reads`() {
        let pulse = RankPulse(step: nil, kind: .storing, seconds: 12.0451, operation: "opening channel a b")
        #expect(pulse.line == "lockstep-pulse - storing 12.045 opening channel a b")
        var read = pulse
        read.seconds = 12.045
        #expect(RankPulse(line: pulse.line) == read)
        #expect(RankPulse(line: "lockstep-pulse 1 napping 1.0 x") == nil)
        for report in [
            RankReport(rank: 2, step: 7, code: "io", message: "cannot read /x: [1] gone"),
            RankReport(rank: 0, message: "it failed"),
        ] { #expect(RankReport(report.line) == report) }
    }

    @Test(arguments: [
        (
            "rank 2, step 7: cannot read /x: [1] gone [io]",
            RankReport(rank: 2, step: 7, code: "io", message: "cannot read /x: [1] gone")
        ),
        ("rank 0: it failed", RankReport(rank: 0, message: "it failed")),
        ("rank 11, step 0: odd [A b]", RankReport(rank: 11, step: 0, message: "odd [A b]")),
    ])
    func `a rank's last line is read`(line: String, report: RankReport) {
        #expect(RankReport(line) == report)
    }

    @Test(arguments: ["rank x: y", "rankle: y", "rank 1, stop 3: y", "rank 1", "", "warning: rank 1: y"])
    func `other lines are none`(line: String) { #expect(RankReport(line) == nil) }

    @Test func `the first error wins over the echo of it`() {
        var verdict = GangVerdict()
        verdict.read(error: "rank 0, step 3: MPI_Allreduce failed [network]")
        verdict.read(error: "rank 2, step 3: the disk is full [io]")
        verdict.read(error: "rank 1, step 3: the memory is full [internal]")
        #expect(verdict.firstError == RankReport(rank: 2, step: 3, code: "io", message: "the disk is full"))
    }

    @Test func `a signal wins over the echo of it`() {
        var verdict = GangVerdict(rank: 1, signal: 9)
        verdict.read(error: "rank 0, step 3: MPI_Allreduce failed [network]")
        #expect(verdict.firstError == nil)
    }
}
