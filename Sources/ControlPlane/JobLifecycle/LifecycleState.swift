public import ClusterTypes

/// A job from its creation to its end, as a pure state machine: (state, event, time) → (state, commands).
///
/// ```
///            placed              running / first event
/// waiting ───────────▶ launching ──────────────────────▶ running
///    ▲                     │                                │
///    └──── fault, back-off ┴────────── fault ───────────────┤
///                                                           ▼
///          stop request while waiting, or the end ────▶  over (Completed, Failed, Stopped)
/// ```
/// Time is passed in, so that the same events always give the same history. Limits and pauses go by the
/// steady clock; times in the record are for people, and within a job they never go back.
public struct LifecycleState: Sendable, Codable, Equatable {
    public enum Phase: Sendable, Codable, Equatable {
        /// For slots, not before this time of the steady clock.
        case waiting(notBefore: Double)
        /// The launch order is given.
        case launching
        /// The supervisor has been seen.
        case running
        case over
    }

    /// Why the job is asked to stop.
    public enum StopReason: String, Sendable, Codable {
        case request, maxRuntime, maxWait
    }

    /// What Describe answers from.
    public internal(set) var record: JobRecord
    public internal(set) var phase: Phase
    public let maxRuntimeSeconds: Int
    public let maximumRestarts: Int
    public let policy: JobPolicy
    public internal(set) var stopReason: StopReason?
    /// Gangs of later jobs that have started while this one waited, and times it made room for
    /// another; the scheduler's.
    public var passedOver = 0
    /// Whether the current gang may not be preempted, because the job has given way often enough.
    public internal(set) var isProtected = false
    /// Why the current gang is leaving, if the job is to go on without it.
    public internal(set) var yield: Yield?
    /// Restarts after faults so far.
    public internal(set) var restarts = 0
    /// The fault before this attempt, if there was one.
    var lastFault: Fault?
    /// What ended the first attempt that failed, in words.
    var firstFault: String?
    /// Faults in a row between which no step was done; decides the back-off.
    var barrenFaults = 0
    /// Faults in a row that have a limit of their own; `nil`: the last fault was none of those.
    var faultRow: FaultRow?
    /// What the current attempt's `failed` event says.
    var report: TrainingEvent?
    /// Why the current attempt is being ended by us.
    var interruption: String?

    /// When it was created, by the steady clock; `nil` in states of earlier releases.
    var created: Double?

    /// A new job: waits for its gang from `draft`'s creation on.
    public init(_ draft: JobDraft, at time: Moment) {
        record = JobRecord(
            name: draft.name, requestJSON: draft.requestJSON, specJSON: draft.specJSON, arn: draft.arn,
            modelArtifact: draft.modelArtifact, slotCount: draft.slotCount, creationTime: time.wall)
        phase = .waiting(notBefore: time.steady)
        created = time.steady
        maxRuntimeSeconds = draft.maxRuntimeSeconds
        maximumRestarts = draft.maximumRestarts
        policy = draft.policy
    }

    /// Times a job is passed over or makes room before nothing may come before it any more.
    public static let givesWayAtMost = 16

    /// Number of the newest attempt; 0 before the first.
    public var attempt: Int { record.attempts.last?.number ?? 0 }

    /// Whether a gang of this job exists or is being started.
    public var hasGang: Bool { phase == .launching || phase == .running }

    /// Whether a gang exists that has been asked to end.
    public var isLeaving: Bool { hasGang && (stopReason != nil || yield != nil || interruption != nil) }

    /// Fewest and most slots of a gang.
    public var slotRange: ClosedRange<Int> {
        min(policy.minimumSlots, record.slotCount)...record.slotCount
    }

    /// Whether the scheduler shall look for slots at `time`, of the steady clock.
    public func wantsSlots(at time: Double) -> Bool {
        if case .waiting(let notBefore) = phase { notBefore <= time } else { false }
    }

    /// When a pause before another attempt is over; the past for a job that does not pause.
    public var notBefore: Double { if case .waiting(let time) = phase { time } else { -.infinity } }

    /// Whether `.clock` would change anything at `time`, of the steady clock.
    public func isClockDue(at time: Double) -> Bool {
        phase != .over && !(hasGang && stopReason != nil) && overdue(time) != nil
    }

    /// From when on `.clock` may change something, if nothing else happens; infinity: never.
    public var nextClock: Double {
        guard phase != .over, !(hasGang && stopReason != nil) else { return .infinity }
        let wait = policy.maxWaitSeconds.map { creation + Double($0) } ?? .infinity
        let limit = Double(maxRuntimeSeconds)
        guard hasGang, let current = record.attempts.last else {
            return record.runSeconds(at: creation) >= limit ? -.infinity : wait
        }
        let used = record.attempts.dropLast().reduce(0) { $0 + $1.length(at: 0) }
        return min(wait, current.begin + limit - used)
    }

    private var creation: Double { created ?? record.creationTime }

    /// The state without the parts that a store keeps in tables of their own.
    public var withoutHistory: LifecycleState {
        var copy = self
        copy.record.requestJSON = ""
        copy.record.specJSON = nil
        copy.record.attempts = []
        copy.record.transitions = []
        return copy
    }

    /// The opposite of `withoutHistory`.
    public func withHistory(
        requestJSON: String, specJSON: String?, attempts: [AttemptRecord], transitions: [StatusTransition]
    ) -> LifecycleState {
        var copy = self
        copy.record.requestJSON = requestJSON
        copy.record.specJSON = specJSON
        copy.record.attempts = attempts
        copy.record.transitions = transitions
        return copy
    }

    /// Gives a job of an earlier release its specification.
    public mutating func setSpecification(_ text: String) { record.specJSON = text }

    /// Applies one event; an event that does not fit the state changes nothing.
    ///
    /// - Returns: what to do, in this order, once the new state is stored.
    public mutating func apply(_ event: JobEvent, at time: Moment) -> [JobCommand] {
        let time = Moment(steady: time.steady, wall: max(time.wall, record.lastModifiedTime))
        return switch phase {
        case .waiting(let notBefore): applyWaiting(event, notBefore, time)
        case .launching, .running: applyWithGang(event, time)
        case .over: applyOver(event)
        }
    }

    private mutating func applyWaiting(
        _ event: JobEvent, _ notBefore: Double, _ time: Moment
    ) -> [JobCommand] {
        switch event {
        case .placed(let workers, let hasKeeper):
            guard notBefore <= time.steady, slotRange.contains(workers.count - (hasKeeper ? 1 : 0)) else {
                return []
            }
            return start(workers, hasKeeper: hasKeeper, time)
        case .waits(let reason):
            move(to: .pending, reason, time)
        case .stopRequested:
            stopReason = .request
            move(to: .stopping, "Stopping the training job", time)
            finishStopped(time)
        case .clock:
            guard let reason = overdue(time.steady) else { break }
            stopReason = reason
            finishStopped(time)
        // An old attempt that turns up again has been given up: it must not run beside the next one.
        case .running(let stale): return [.kill(attempt: stale)]
        case .training, .ended, .lost, .memberLost, .missing, .yield, .overstayed: break
        }
        return []
    }

    private mutating func start(_ workers: [WorkerID], hasKeeper: Bool, _ time: Moment) -> [JobCommand] {
        var begun = AttemptRecord(
            number: attempt + 1, startTime: time.wall, workers: workers, hasKeeper: hasKeeper)
        begun.begun = time.steady
        record.attempts.append(begun)
        if record.trainingStartTime == nil { record.trainingStartTime = time.wall }
        phase = .launching
        report = nil
        interruption = nil
        yield = nil
        isProtected = passedOver >= Self.givesWayAtMost
        passedOver = 0
        move(to: .starting, "Preparing the instances for training", time)
        return [.launch(attempt: attempt)]
    }

    private mutating func applyWithGang(_ event: JobEvent, _ time: Moment) -> [JobCommand] {
        switch event {
        case .running(let number):
            guard number == attempt else { return [.kill(attempt: number)] }
            phase = .running
            if interruption != nil { return [.kill(attempt: number)] }
            return stopReason == nil && yield == nil ? [] : [.stop(attempt: number)]
        case .training(let number, let training) where number == attempt:
            phase = .running
            note(training, time)
        case .ended(let number, let end) where number == attempt:
            conclude(end, time)
        case .lost(let number, let reason) where number == attempt:
            fault(Fault(kind: .interruption, sentence: reason), time)
        case .memberLost(let number, let worker) where number == attempt:
            return interrupt("worker \(worker) was lost", time)
        case .missing(let number) where number == attempt:
            if phase == .launching { return [.launch(attempt: number)] }
            let first = record.attempts.last?.workers.first?.rawValue ?? "?"
            fault(
                Fault(kind: .interruption, sentence: "worker \(first) no longer knows the attempt"), time)
        case .yield(let reason): return giveWay(reason, time)
        case .overstayed(let worker)
        where interruption == nil && record.attempts.last?.workers.contains(worker) ?? false:
            return interrupt("worker \(worker) had to be free", time)
        case .stopRequested:
            return stop(.request, "Stopping the training job", time)
        case .clock:
            guard stopReason == nil, let reason = overdue(time.steady) else { break }
            let limit = reason == .maxWait ? "MaxWaitTimeInSeconds" : "MaxRuntimeInSeconds"
            return stop(reason, "Stopping: \(limit) is reached", time)
        case .placed, .waits, .training, .ended, .lost, .memberLost, .missing, .overstayed: break
        }
        return []
    }

    private mutating func interrupt(_ reason: String, _ time: Moment) -> [JobCommand] {
        guard interruption == nil else { return [.kill(attempt: attempt)] }
        interruption = reason
        if stopReason == nil {
            move(to: .interrupted, reason.prefix(1).uppercased() + reason.dropFirst(), time)
        }
        return [.kill(attempt: attempt)]
    }

    private mutating func giveWay(_ reason: Yield, _ time: Moment) -> [JobCommand] {
        guard !isLeaving else { return [] }
        yield = reason
        switch reason {
        case .drain(let worker): move(to: .interrupted, "Leaving worker \(worker), which is drained", time)
        case .grow: move(to: .restarting, "Going on with more ranks", time)
        case .preempt(let other):
            move(to: .interrupted, "Making room for \(other), which has a higher priority", time)
        }
        return [.stop(attempt: attempt)]
    }

    private func applyOver(_ event: JobEvent) -> [JobCommand] {
        if case .running(let number) = event { return [.kill(attempt: number)] }
        return []
    }

    private mutating func stop(_ reason: StopReason, _ message: String, _ time: Moment) -> [JobCommand] {
        guard stopReason == nil else { return [.stop(attempt: attempt)] }
        stopReason = reason
        record.status = .stopping
        move(to: .stopping, message, time)
        return [.stop(attempt: attempt)]
    }

    /// Which limit of its StoppingCondition the job has reached.
    private func overdue(_ time: Double) -> StopReason? {
        if record.runSeconds(at: time) >= Double(maxRuntimeSeconds) { return .maxRuntime }
        guard let limit = policy.maxWaitSeconds, time - creation >= Double(limit) else {
            return nil
        }
        return .maxWait
    }
}
