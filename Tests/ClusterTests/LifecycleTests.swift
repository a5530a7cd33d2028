import ClusterTypes
import JobLifecycle
import Testing

@Suite struct LifecycleTests {
    /// Every state × event: what becomes of the job and what the coordinator has to do. `-` stands for
    /// "nothing changes, nothing to do"; N is the current attempt, O one before it.
    static let table = """
        waiting      placed       launching/Starting launch1
        waiting      waits        waiting/Pending
        waiting      running      - kill1
        waiting      stale        - kill0
        waiting      training     -
        waiting      completed    -
        waiting      left         -
        waiting      userError    -
        waiting      killed       -
        waiting      crashed      -
        waiting      lost         -
        waiting      memberLost   -
        waiting      missing      -
        waiting      stop         over/Stopped
        waiting      clock        -
        waiting      overdue      -
        waiting      yield        -
        waiting      overstayed   -
        pausing      placed       -
        pausing      waits        waiting/Pending
        pausing      running      - kill2
        pausing      stale        - kill1
        pausing      training     -
        pausing      completed    -
        pausing      left         -
        pausing      userError    -
        pausing      killed       -
        pausing      crashed      -
        pausing      lost         -
        pausing      memberLost   -
        pausing      missing      -
        pausing      stop         over/Stopped
        pausing      clock        -
        pausing      overdue      -
        pausing      yield        -
        pausing      overstayed   -
        launching    placed       -
        launching    waits        -
        launching    running      running/Starting
        launching    stale        - kill0
        launching    training     running/Training
        launching    completed    over/Completed
        launching    left         waiting/Interrupted
        launching    userError    over/Failed
        launching    killed       waiting/Interrupted
        launching    crashed      waiting/Restarting
        launching    lost         waiting/Interrupted
        launching    memberLost   launching/Interrupted kill1
        launching    missing      - launch1
        launching    stop         launching/Stopping stop1
        launching    clock        -
        launching    overdue      launching/Stopping stop1
        launching    yield        launching/Interrupted stop1
        launching    overstayed   launching/Interrupted kill1
        running      placed       -
        running      waits        -
        running      running      -
        running      stale        - kill0
        running      training     -
        running      completed    over/Completed
        running      left         waiting/Interrupted
        running      userError    over/Failed
        running      killed       waiting/Interrupted
        running      crashed      waiting/Restarting
        running      lost         waiting/Interrupted
        running      memberLost   running/Interrupted kill1
        running      missing      waiting/Interrupted
        running      stop         running/Stopping stop1
        running      clock        -
        running      overdue      running/Stopping stop1
        running      yield        running/Interrupted stop1
        running      overstayed   running/Interrupted kill1
        interrupted  placed       -
        interrupted  waits        -
        interrupted  running      - kill1
        interrupted  stale        - kill0
        interrupted  training     -
        interrupted  completed    over/Completed
        interrupted  left         waiting/Interrupted
        interrupted  userError    over/Failed
        interrupted  killed       waiting/Interrupted
        interrupted  crashed      waiting/Interrupted
        interrupted  lost         waiting/Interrupted
        interrupted  memberLost   - kill1
        interrupted  missing      waiting/Interrupted
        interrupted  stop         running/Stopping stop1
        interrupted  clock        -
        interrupted  overdue      running/Stopping stop1
        interrupted  yield        -
        interrupted  overstayed   -
        stopping     placed       -
        stopping     waits        -
        stopping     running      - stop1
        stopping     stale        - kill0
        stopping     training     -
        stopping     completed    over/Completed
        stopping     left         over/Stopped
        stopping     userError    over/Failed
        stopping     killed       over/Stopped
        stopping     crashed      over/Stopped
        stopping     lost         over/Stopped
        stopping     memberLost   running/Stopping kill1
        stopping     missing      over/Stopped
        stopping     stop         - stop1
        stopping     clock        -
        stopping     overdue      -
        stopping     yield        -
        stopping     overstayed   running/Stopping kill1
        yielding     placed       -
        yielding     waits        -
        yielding     running      - stop1
        yielding     stale        - kill0
        yielding     training     -
        yielding     completed    over/Completed
        yielding     left         waiting/Interrupted
        yielding     userError    over/Failed
        yielding     killed       waiting/Interrupted
        yielding     crashed      waiting/Restarting
        yielding     lost         waiting/Interrupted
        yielding     memberLost   running/Interrupted kill1
        yielding     missing      waiting/Interrupted
        yielding     stop         running/Stopping stop1
        yielding     clock        -
        yielding     overdue      running/Stopping stop1
        yielding     yield        -
        yielding     overstayed   running/Interrupted kill1
        over         placed       -
        over         waits        -
        over         running      - kill1
        over         stale        - kill0
        over         training     -
        over         completed    -
        over         left         -
        over         userError    -
        over         killed       -
        over         crashed      -
        over         lost         -
        over         memberLost   -
        over         missing      -
        over         stop         -
        over         clock        -
        over         overdue      -
        over         yield        -
        over         overstayed   -
        """
        .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }

    @Test(arguments: table)
    func `every state answers every event`(row: [String]) throws {
        var state = try #require(JobFixture.state(row[0]))
        let before = state
        let (event, time) = try #require(JobFixture.event(row[1], attempt: max(state.attempt, 1)))
        let commands = state.apply(event, at: time).map(JobFixture.describe)
        if row[2] == "-" {
            var unmoved = state
            // A report may note when it came; nothing else may differ.
            if row[1] == "training" { unmoved = before }
            #expect(unmoved == before)
            #expect(JobFixture.describe(state) == JobFixture.describe(before))
        } else {
            #expect(JobFixture.describe(state) == row[2])
        }
        #expect(commands == Array(row.dropFirst(3)))
    }

    @Test func `the table is complete`() {
        for state in JobFixture.states {
            for event in JobFixture.events {
                #expect(Self.table.count { $0[0] == state && $0[1] == event } == 1, "\(state) \(event)")
            }
        }
    }

    @Test func `an undisturbed job passes through SageMaker's transitions`() {
        var job = JobFixture.fresh()
        _ = job.apply(.waits(reason: "waiting for 2 slots, 1 is free of 2"), at: 1)
        _ = job.apply(.placed(JobFixture.gang), at: 2)
        for (index, kind) in [TrainingEvent.Kind.started, .downloading, .training, .uploading].enumerated() {
            _ = job.apply(.training(attempt: 1, TrainingEvent(kind, time: 0)), at: Double(3 + index))
        }
        _ = job.apply(.ended(attempt: 1, AttemptEnd(.exited, status: 0, time: 0)), at: 9)
        #expect(
            job.record.transitions.map { "\($0.status.rawValue): \($0.message)" } == [
                "Starting: Starting the training job", "Pending: waiting for 2 slots, 1 is free of 2",
                "Starting: Preparing the instances for training", "Downloading: Downloading input data",
                "Training: Training image download completed. Training in progress.",
                "Uploading: Uploading generated training model", "Completed: Training job completed",
            ])
        #expect(
            zip(job.record.transitions, job.record.transitions.dropFirst()).allSatisfy {
                $0.endTime == $1.startTime
            })
        #expect(job.record.transitions.last?.endTime == 9)
        #expect(job.record.trainingStartTime == 2 && job.record.trainingEndTime == 9)
        #expect(job.record.status == .completed)
    }

    @Test func `the user's errors fail the job at once, in the rank's words`() {
        var job = JobFixture.running()
        var event = TrainingEvent(.failed, time: 0)
        event.code = "data"
        event.message = "train.csv line 7 column 3 is \"x\", which is no number"
        _ = job.apply(.training(attempt: 1, event), at: 20)
        _ = job.apply(.ended(attempt: 1, AttemptEnd(.exited, status: 65, time: 0)), at: 21)
        #expect(job.record.status == .failed)
        #expect(
            job.record.failureReason == "ClientError: train.csv line 7 column 3 is \"x\", which is no number")
    }

    @Test func `the same crash at the same step twice fails the job, the first error first`() {
        var job = JobFixture.running()
        _ = job.apply(JobFixture.crash(1), at: 20)
        _ = job.apply(.placed(JobFixture.gang), at: 21)
        var progress = TrainingEvent(.progress, time: 0)
        progress.step = 5
        _ = job.apply(.training(attempt: 2, progress), at: 22)
        _ = job.apply(JobFixture.crash(2), at: 23)
        #expect(job.record.status == .failed)
        let expected =
            "AlgorithmError: rank 1 was ended by signal 11 (SIGSEGV) (the same again in attempt 2, "
        #expect(job.record.failureReason == expected + "without a step between)")
    }

    @Test func `a crash after progress starts another attempt`() {
        var job = JobFixture.running()
        _ = job.apply(JobFixture.crash(1), at: 20)
        _ = job.apply(.placed(JobFixture.gang), at: 21)
        var progress = TrainingEvent(.progress, time: 0)
        progress.step = 6
        _ = job.apply(.training(attempt: 2, progress), at: 22)
        _ = job.apply(JobFixture.crash(2), at: 23)
        #expect(job.wantsSlots(at: 23))
        #expect(job.restarts == 2)
    }

    @Test func `killed ranks restart the job until the limit, with growing pauses`() {
        var job = JobFixture.fresh(maximumRestarts: 4)
        var pauses: [Double] = []
        var time = 1.0
        for attempt in 1...5 {
            _ = job.apply(.placed(JobFixture.gang), at: time)
            _ = job.apply(.ended(attempt: attempt, JobFixture.signalled(9)), at: time)
            if case .waiting(let notBefore) = job.phase {
                pauses.append(notBefore - time)
                time = notBefore
            }
        }
        #expect(pauses == [0, 1, 2, 4])
        #expect(job.record.status == .failed)
        #expect(
            job.record.failureReason == "InternalServerError: rank 1 was ended by signal 9 (SIGKILL) "
                + "(restarted 4 times, which is the limit; at last: rank 1 was ended by signal 9 (SIGKILL))")
    }

    @Test func `progress, metrics and the model's hash are kept`() {
        var job = JobFixture.running()
        for value in [3.0, 2.0] {
            var metric = TrainingEvent(.metric, time: value)
            metric.name = "validation:rmse"
            metric.value = value
            _ = job.apply(.training(attempt: 1, metric), at: 20)
        }
        var completed = TrainingEvent(.completed, time: 0)
        completed.modelHash = "f00"
        _ = job.apply(.training(attempt: 1, completed), at: 21)
        #expect(job.record.finalMetrics == [FinalMetric(name: "validation:rmse", value: 2, time: 2)])
        #expect(job.record.modelHash == "f00")
        #expect(job.record.step == 5 && job.record.attempts[0].lastStep == 5)
    }

    @Test func `the running time over all attempts is limited, without that of waiting`() {
        var job = JobFixture.running()
        _ = job.apply(.ended(attempt: 1, JobFixture.signalled(9)), at: 500)
        #expect(job.apply(.clock, at: 5000) == [] && job.phase == .waiting(notBefore: 500))
        _ = job.apply(.placed(JobFixture.gang), at: 5000)
        #expect(job.apply(.clock, at: 5509) == [])
        #expect(job.apply(.clock, at: 5510) == [.stop(attempt: 2)])
        _ = job.apply(.ended(attempt: 2, AttemptEnd(.exited, status: 75, time: 0)), at: 5512)
        #expect(job.record.status == .stopped && job.record.secondaryStatus == .maxRuntimeExceeded)
        #expect(job.record.runSeconds(at: 9999) == 490 + 512)
    }

    @Test func `a spot job ends when it has waited too long, with or without a gang`() {
        for hasGang in [false, true] {
            var draft = JobFixture.draft()
            draft.policy.maxWaitSeconds = 600
            var job = LifecycleState(draft, at: 0)
            if hasGang { _ = job.apply(.placed(JobFixture.gang), at: 10) }
            #expect(job.apply(.clock, at: 599) == [])
            #expect(job.apply(.clock, at: 600) == (hasGang ? [.stop(attempt: 1)] : []))
            _ = job.apply(.ended(attempt: 1, AttemptEnd(.exited, status: 75, time: 0)), at: 601)
            #expect(job.record.secondaryStatus == .maxWaitTimeExceeded)
        }
    }

    @Test func `faults from outside may come as often as they like while the job gets on`() {
        var job = JobFixture.fresh(maximumRestarts: 2)
        for attempt in 1...50 {
            _ = job.apply(.placed(JobFixture.gang), at: Double(attempt * 100))
            var progress = TrainingEvent(.progress, time: 0)
            progress.step = attempt
            _ = job.apply(.training(attempt: attempt, progress), at: Double(attempt * 100))
            _ = job.apply(.ended(attempt: attempt, JobFixture.signalled(9)), at: Double(attempt * 100 + 1))
            #expect(job.wantsSlots(at: Double(attempt * 100 + 1)), "at once, attempt \(attempt)")
        }
        #expect(job.restarts == 0)
    }

    @Test func `an elastic job takes any number of slots in its range`() {
        var draft = JobFixture.draft()
        draft.policy.minimumSlots = 1
        for (count, isTaken) in [(0, false), (1, true), (2, true), (3, false)] {
            var job = LifecycleState(draft, at: 0)
            let gang = Array(repeating: WorkerID("w1"), count: count)
            #expect(job.apply(.placed(gang), at: 1).isEmpty != isTaken)
            var kept = LifecycleState(draft, at: 0)
            let withKeeper = [WorkerID("keeper")] + gang
            #expect(kept.apply(.placed(withKeeper, hasKeeper: true), at: 1).isEmpty != isTaken)
        }
    }

    @Test func `a gang that goes on without its dead holds only the survivors' slots`() {
        var draft = JobFixture.draft()
        draft.slotCount = 3
        draft.policy.minimumSlots = 1
        let all = ["w1", "w1", "w2"].map { WorkerID($0) }
        for (left, isTaken) in [
            (["w1", "w2"], true), (["w2"], false), (["w2", "w1"], false), (["w3"], false),
        ] {
            var job = LifecycleState(draft, at: 0)
            _ = job.apply(.placed(all), at: 1)
            var shrunk = TrainingEvent(.shrunk, time: 2)
            shrunk.workers = left
            _ = job.apply(.training(attempt: 1, shrunk), at: 2)
            #expect(job.record.attempts[0].workers == (isTaken ? left.map { WorkerID($0) } : all))
            #expect(job.hasGang && job.attempt == 1)
        }
    }

    @Test func `a job that has made room often enough is left in peace`() {
        var job = JobFixture.fresh()
        for round in 1...LifecycleState.givesWayAtMost {
            job.passedOver = round - 1
            _ = job.apply(.placed(JobFixture.gang), at: Double(round))
            #expect(!job.isProtected)
            job.passedOver = round - 1
            _ = job.apply(.yield(.preempt(by: JobName("other"))), at: Double(round))
            _ = job.apply(.ended(attempt: round, AttemptEnd(.exited, status: 75, time: 0)), at: Double(round))
            #expect(job.passedOver == round)
        }
        _ = job.apply(.placed(JobFixture.gang), at: 100)
        #expect(job.isProtected && job.restarts == 0)
    }
}

/// Jobs in every state, and every event by name.
enum JobFixture {
    static let gang = [WorkerID("w1"), WorkerID("w2")]
    static let states = [
        "waiting", "pausing", "launching", "running", "interrupted", "yielding", "stopping", "over",
    ]
    static let events = [
        "placed", "waits", "running", "stale", "training", "completed", "left", "userError", "killed",
        "crashed", "lost", "memberLost", "missing", "stop", "clock", "overdue", "yield", "overstayed",
    ]

    static func draft(maximumRestarts: Int = 10) -> JobDraft {
        JobDraft(
            name: JobName("job"), requestJSON: "{}", arn: "arn", modelArtifact: "file:///m", slotCount: 2,
            maxRuntimeSeconds: 1000, maximumRestarts: maximumRestarts)
    }

    static func fresh(maximumRestarts: Int = 10) -> LifecycleState {
        LifecycleState(draft(maximumRestarts: maximumRestarts), at: 0)
    }

    static func running() -> LifecycleState {
        var job = fresh()
        _ = job.apply(.placed(gang), at: 10)
        _ = job.apply(.training(attempt: 1, TrainingEvent(.training, time: 11)), at: 11)
        var progress = TrainingEvent(.progress, time: 12)
        progress.step = 5
        _ = job.apply(.training(attempt: 1, progress), at: 12)
        return job
    }

    static func signalled(_ signal: Int32) -> AttemptEnd {
        var end = AttemptEnd(.exited, status: 128 + signal, time: 0)
        end.rank = 1
        end.signal = signal
        return end
    }

    static func crash(_ attempt: Int) -> JobEvent { .ended(attempt: attempt, signalled(11)) }

    static func state(_ name: String) -> LifecycleState? {
        var job = ["waiting", "pausing", "launching"].contains(name) ? fresh() : running()
        switch name {
        case "waiting", "running": break
        case "launching": _ = job.apply(.placed(gang), at: 10)
        case "pausing":
            for attempt in 1...2 {
                _ = job.apply(.placed(gang), at: 99.5)
                _ = job.apply(.ended(attempt: attempt, signalled(9)), at: 99.5)
            }
        case "interrupted": _ = job.apply(.memberLost(attempt: 1, WorkerID("w2")), at: 13)
        case "yielding": _ = job.apply(.yield(.drain(WorkerID("w2"))), at: 13)
        case "stopping": _ = job.apply(.stopRequested, at: 13)
        case "over": _ = job.apply(.ended(attempt: 1, AttemptEnd(.exited, status: 0, time: 0)), at: 13)
        default: return nil
        }
        return job
    }

    static func event(_ name: String, attempt: Int) -> (JobEvent, Double)? {
        let event: JobEvent? =
            switch name {
            case "placed": .placed(gang)
            case "waits": .waits(reason: "waiting for 2 slots, 0 are free of 2")
            case "running": .running(attempt: attempt)
            case "stale": .running(attempt: attempt - 1)
            case "training": .training(attempt: attempt, TrainingEvent(.training, time: 0))
            case "completed": .ended(attempt: attempt, AttemptEnd(.exited, status: 0, time: 0))
            case "left": .ended(attempt: attempt, AttemptEnd(.exited, status: 75, time: 0))
            case "userError": .ended(attempt: attempt, AttemptEnd(.exited, status: 78, time: 0))
            case "killed": .ended(attempt: attempt, signalled(9))
            case "crashed": crash(attempt)
            case "lost": .lost(attempt: attempt, reason: "worker w1 was lost")
            case "memberLost": .memberLost(attempt: attempt, WorkerID("w2"))
            case "missing": .missing(attempt: attempt)
            case "stop": .stopRequested
            case "clock", "overdue": .clock
            case "yield": .yield(.preempt(by: JobName("other")))
            case "overstayed": .overstayed(WorkerID("w2"))
            default: nil
            }
        return event.map { ($0, name == "overdue" ? 2000 : 100) }
    }

    static func describe(_ state: LifecycleState) -> String {
        let phase =
            switch state.phase {
            case .waiting: "waiting"
            case .launching: "launching"
            case .running: "running"
            case .over: "over"
            }
        return "\(phase)/\(state.record.secondaryStatus.rawValue)"
    }

    static func describe(_ command: JobCommand) -> String {
        switch command {
        case .launch(let attempt): "launch\(attempt)"
        case .stop(let attempt): "stop\(attempt)"
        case .kill(let attempt): "kill\(attempt)"
        }
    }
}
