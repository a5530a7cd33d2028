import ClusterTypes
import Diagnostics
import ProgramContract
import Testing
import WorkerService

/// What hosts of a program say, and what it makes of their attempt.
@Suite struct ProgramWatchTests {
    private static func end(
        _ outcome: ProgramReport.Outcome, _ status: Int32, _ message: String? = nil, code: String? = nil
    ) -> String {
        var report = ProgramReport(.ended)
        report.code = code
        report.outcome = outcome
        report.status = status
        report.message = message
        return report.line
    }

    struct Example: CustomTestStringConvertible {
        let testDescription: String
        let lines: [(rank: Int, text: String)]
        var launcher: Int32 = 1
        let status: Int32?
        var code: String?
        var rank: Int?
        var signal: Int32?
    }

    static let examples = [
        Example(
            testDescription: "all complete", lines: [(1, end(.completed, 0)), (0, end(.completed, 0))],
            launcher: 0, status: 0),
        Example(testDescription: "one says nothing", lines: [(0, end(.completed, 0))], status: nil),
        Example(
            testDescription: "the first to fail counts, not who was ended for it",
            lines: [(0, end(.completed, 0)), (1, end(.failed, 3, "mine")), (2, end(.abandoned, 143))],
            status: 3, code: "program", rank: 1),
        Example(
            testDescription: "a failure counts more than an echo that came before it",
            lines: [(0, end(.killed, 143)), (1, end(.failed, 3, "mine"))], status: 3, code: "program", rank: 1
        ),
        Example(
            testDescription: "what cannot be started is the user's to fix",
            lines: [(0, end(.notStarted, 66, "no such program"))],
            status: LockstepError.Code.configuration.exitCode, code: "configuration", rank: 0),
        Example(
            testDescription: "a kill from outside", lines: [(1, end(.killed, 137))], status: 137, rank: 1,
            signal: 9),
        Example(
            testDescription: "a signal of unknown origin", lines: [(1, end(.signalled, 143))], status: 143,
            code: AttemptEnd.signalledCode, rank: 1, signal: 15),
        Example(
            testDescription: "a node without memory", lines: [(0, end(.outOfMemory, 137))], status: 137,
            code: AttemptEnd.outOfMemoryCode, rank: 0, signal: 9),
        Example(
            testDescription: "a node at fault", lines: [(1, end(.killed, 74, "disk", code: "full"))],
            status: 74, code: "full", rank: 1),
        Example(
            testDescription: "stopped as asked", lines: [(0, end(.stopped, 0)), (1, end(.completed, 0))],
            launcher: 0, status: RankExit.stopped),
    ]

    @Test(arguments: examples) func `the hosts' last words decide`(_ example: Example) {
        var watch = ProgramWatch(world: 2)
        for line in example.lines { #expect(watch.read(line.text, rank: line.rank, at: 1) == []) }
        let end = watch.end(ofLauncher: example.launcher, at: 2)
        #expect(end?.status == example.status)
        #expect(end?.code == example.code && end?.rank == example.rank && end?.signal == example.signal)
    }

    @Test func `reports become events, and other lines none`() {
        var watch = ProgramWatch(world: 2)
        let started = ProgramReport(.started).line
        #expect(watch.read(started, rank: 1, at: 1)?.map(\.kind) == [.started, .training])
        #expect(watch.read(started, rank: 0, at: 1) == [])
        var commit = ProgramReport(.committed)
        commit.step = 7
        #expect(watch.read(commit.line, rank: 1, at: 1) == [])
        #expect(watch.read(commit.line, rank: 0, at: 1)?.map(\.step) == [7])
        var metric = ProgramReport(.metric)
        (metric.name, metric.value) = ("loss", 0.5)
        #expect(watch.read(metric.line, rank: 1, at: 1)?.map(\.value) == [0.5])
        #expect(watch.read("a line of a log", rank: 0, at: 1) == nil)
    }
}
