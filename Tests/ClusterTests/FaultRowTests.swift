import ClusterTypes
import JobLifecycle
import Processes
import Testing

/// Faults that another attempt is unlikely to mend are given up soon, and by their names.
@Suite struct FaultRowTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var code: String? = AttemptEnd.signalledCode
        /// What an attempt reports before it ends.
        var step: @Sendable (Int) -> Int? = { _ in nil }
        var metric: @Sendable (Int) -> Double? = { _ in nil }
        /// Seconds that an attempt lasts.
        var seconds = 1.0
        /// Attempts until the job is given up.
        let attempts: Int
    }

    static let cases = [
        Case(testDescription: "a program dies and nobody knows why", attempts: 4),
        Case(testDescription: "its node has no memory", code: AttemptEnd.outOfMemoryCode, attempts: 4),
        Case(testDescription: "surely from outside", code: nil, attempts: 31),
        Case(testDescription: "the same steps each time", step: { _ in 7 }, attempts: 5),
        Case(testDescription: "steps that it had done long ago", step: { [5, 3, 4][$0 % 3] }, attempts: 7),
        Case(testDescription: "the same metric each time", metric: { _ in 0.5 }, attempts: 5),
        Case(testDescription: "metrics that go on", metric: { Double($0) }, attempts: 31),
        Case(testDescription: "long attempts", seconds: 601, attempts: 31),
        Case(testDescription: "no room for what it writes", code: "full", attempts: 8),
        Case(
            testDescription: "no room, and steps between", code: "full", step: { $0 }, seconds: 20,
            attempts: 8),
    ]

    @Test(arguments: cases) func `a row of faults has its limit`(_ example: Case) {
        var job = JobFixture.fresh(maximumRestarts: 30)
        let time = run(&job, example)
        #expect(job.record.attempts.count == example.attempts)
        #expect(job.record.status == .failed)
        guard example.attempts < 10 else { return }
        #expect(time < 120 + example.seconds * Double(example.attempts))
        let reason = job.record.failureReason ?? ""
        #expect(reason.contains(example.code == "full" ? "8 attempts" : "4 attempts"), "\(reason)")
        #expect(reason.hasPrefix(example.code == "full" ? "InternalServerError: " : "AlgorithmError: "))
        #expect(reason.contains("what it said"))
    }

    /// Runs attempts until the job is over.
    ///
    /// - Returns: when that is.
    private func run(_ job: inout LifecycleState, _ example: Case) -> Double {
        var time = 1.0
        while job.phase != .over, job.attempt < 50 {
            _ = job.apply(.placed(JobFixture.gang), at: time)
            let number = job.attempt
            var event = TrainingEvent(.metric, time: time)
            (event.name, event.value) = ("loss", example.metric(number))
            event.step = example.step(number)
            _ = job.apply(.training(attempt: number, event), at: time)
            time += example.seconds
            var end = JobFixture.signalled(9)
            if example.code == "full" { end = AttemptEnd(.exited, status: 74, time: 0) }
            end.code = example.code
            end.message = "what it said"
            _ = job.apply(.ended(attempt: number, end), at: time)
            if case .waiting(let notBefore) = job.phase { time = max(time, notBefore) }
        }
        return time
    }

    @Test func `deaths between which a program gets on do not count`() {
        var job = JobFixture.fresh(maximumRestarts: 2)
        for attempt in 1...50 {
            _ = job.apply(.placed(JobFixture.gang), at: Double(attempt))
            var commit = TrainingEvent(.checkpoint, time: 0)
            commit.step = attempt
            _ = job.apply(.training(attempt: attempt, commit), at: Double(attempt))
            var end = JobFixture.signalled(9)
            end.code = AttemptEnd.signalledCode
            _ = job.apply(.ended(attempt: attempt, end), at: Double(attempt))
            #expect(job.wantsSlots(at: Double(attempt)))
        }
        #expect(job.restarts == 0)
    }

    @Test func `the kernel's kills count while they are fresh`() {
        final class Counter { var value: Int? = 3 }
        let counter = Counter()
        var kills = KernelMemoryKills(now: 0) { counter.value }
        #expect(!kills.hasJustStruck)
        counter.value = 4
        #expect(kills.hasJustStruck)
        kills.look(now: 6)
        #expect(kills.hasJustStruck)
        kills.look(now: 12)
        #expect(!kills.hasJustStruck)
        counter.value = nil
        #expect(!kills.hasJustStruck)
    }
}
