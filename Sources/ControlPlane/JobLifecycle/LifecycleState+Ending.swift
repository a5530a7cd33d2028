import ClusterTypes
import Diagnostics

extension LifecycleState {
    /// Longest pause before another attempt, in seconds.
    static let longestBackoff = 30.0

    /// The gang is gone: completed, stopped, failed for good, or to be started again.
    mutating func conclude(_ end: AttemptEnd, _ time: Moment) {
        if end.cause == .exited, end.status == RankExit.completed {
            return finish(.completed, .completed, "Training job completed", time)
        }
        if stopReason != nil, end.cause != .exited || !isUsersToFix(end) {
            return finishStopped(time)
        }
        if end.cause == .exited, isUsersToFix(end) {
            record.failureReason = limited("ClientError: \(sentence(end))")
            return finish(.failed, .failed, "Training job failed", time)
        }
        if end.cause == .exited, end.code == AttemptEnd.programCode {
            // The user's own code has said that it failed: SageMaker, too, does not start it again.
            let reason = "AlgorithmError: \(end.message ?? "the program failed")"
            // The exit code stands at the end.
            record.failureReason =
                reason.count > 1024 ? "\(reason.prefix(999))…\(reason.suffix(24))" : reason
            return finish(.failed, .failed, "Training job failed", time)
        }
        let fault = Fault(
            kind: kind(end), sentence: sentence(end), step: record.attempts.last?.lastStep,
            row: interruption == nil ? FaultRow.Cause(report?.code ?? end.code) : nil)
        if let yield, fault.kind == .interruption { return goOn(after: yield, time) }
        self.fault(fault, time)
    }

    /// The gang has left as it was asked to: wait for the next one at once. No fault, no restart counted.
    private mutating func goOn(after reason: Yield, _ time: Moment) {
        switch reason {
        case .drain(let worker): closeAttempt("left worker \(worker), which is drained", time)
        case .grow: closeAttempt("left to go on with more ranks", time)
        case .preempt(let other):
            closeAttempt("made room for \(other)", time)
            passedOver += 1
        }
        yield = nil
        interruption = nil
        phase = .waiting(notBefore: time.steady)
    }

    /// Starts another attempt after a pause, or gives the job up.
    mutating func fault(_ fault: Fault, _ time: Moment) {
        if stopReason != nil { return finishStopped(time) }
        let isRepeated = fault.repeats(lastFault)
        let hasProgressed = hasProgressed(since: lastFault)
        faultRow = row(with: fault, time)
        barrenFaults = hasProgressed ? 0 : barrenFaults + 1
        if firstFault == nil { firstFault = fault.sentence }
        // What comes from outside may come as often as it likes, as long as the job gets on in between.
        let isFree = fault.kind == .interruption && hasProgressed
        if isRepeated || faultRow?.isHopeless ?? false || !isFree && restarts >= maximumRestarts {
            return giveUp(fault, isRepeated: isRepeated, time)
        }
        lastFault = fault
        if !isFree { restarts += 1 }
        let pause = pause(after: fault)
        closeAttempt(fault.sentence, time)
        phase = .waiting(notBefore: time.steady + pause)
        let text = "Attempt \(attempt) ended: \(fault.sentence). Starting attempt \(attempt + 1)"
        move(to: fault.kind == .interruption ? .interrupted : .restarting, text, time)
    }

    /// A full disk does not empty itself at once; after anything else the first restart need not wait.
    private func pause(after fault: Fault) -> Double {
        let faults = fault.row == .fullDisk ? (faultRow?.count ?? 1) + 1 : barrenFaults
        return faults <= 1 ? 0 : min(Self.longestBackoff, Double(1 << min(faults - 2, 10)))
    }

    /// The row of faults that this one continues or begins.
    private func row(with fault: Fault, _ time: Moment) -> FaultRow? {
        let metrics = Dictionary(record.finalMetrics.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let attempt = record.attempts.last
        let isLong = attempt.map { time.steady - $0.begin >= FaultRow.longAttempt } ?? false
        let best = record.attempts.dropLast().compactMap(\.lastStep).max() ?? -1
        let hasMoved = attempt?.lastStep ?? -1 > best || metrics != faultRow?.metrics ?? [:]
        guard let cause = fault.row else { return hasMoved || isLong ? nil : faultRow }
        let begins = isLong || cause == .death && hasMoved
        let count = faultRow.map { $0.cause == cause ? $0.count : 0 } ?? 0
        return FaultRow(cause: cause, count: begins ? 0 : count + 1, metrics: metrics)
    }

    mutating func finishStopped(_ time: Moment) {
        switch stopReason {
        case .maxRuntime:
            finish(
                .stopped, .maxRuntimeExceeded,
                "Training job runtime exceeded MaxRuntimeInSeconds (\(maxRuntimeSeconds) s)", time)
        case .maxWait:
            finish(
                .stopped, .maxWaitTimeExceeded,
                "Training job exceeded MaxWaitTimeInSeconds (\(policy.maxWaitSeconds ?? 0) s)", time)
        case .request, nil: finish(.stopped, .stopped, "Training job stopped", time)
        }
    }

    private mutating func giveUp(_ fault: Fault, isRepeated: Bool, _ time: Moment) {
        let isPrograms = fault.kind == .algorithm || fault.row == .death
        let prefix = isPrograms ? "AlgorithmError" : "InternalServerError"
        var reason = "\(prefix): \(firstFault ?? fault.sentence)"
        if let faultRow, faultRow.isHopeless {
            reason = "\(prefix): \(fault.sentence.prefix(880)) (\(faultRow.words))"
        } else if isRepeated {
            reason += " (the same again in attempt \(attempt), without a step between)"
        } else if restarts > 0 {
            reason += " (restarted \(restarts) times, which is the limit; at last: \(fault.sentence))"
        }
        record.failureReason = limited(reason)
        finish(.failed, .failed, "Training job failed", time)
    }

    private mutating func finish(
        _ status: JobStatus, _ secondary: SecondaryStatus, _ message: String, _ time: Moment
    ) {
        closeAttempt(status.rawValue.lowercased(), time)
        phase = .over
        yield = nil
        record.status = status
        // An algorithm may find that it is done before all of its epochs are.
        if status == .completed, record.progress != nil { record.progress = 1 }
        move(to: secondary, message, time)
        record.transitions[record.transitions.count - 1].endTime = time.wall
        if record.trainingStartTime != nil { record.trainingEndTime = time.wall }
    }

    private mutating func closeAttempt(_ outcome: String, _ time: Moment) {
        guard let last = record.attempts.indices.last, record.attempts[last].outcome == nil else { return }
        record.attempts[last].endTime = time.wall
        record.attempts[last].seconds = max(0, time.steady - record.attempts[last].begin)
        record.attempts[last].outcome = outcome
    }

    private func hasProgressed(since fault: Fault?) -> Bool {
        guard let current = record.attempts.last else { return false }
        guard let fault else { return current.lastStep != nil }
        return (current.lastStep ?? -1) > (fault.step ?? -1)
    }

    /// The error code that ended the gang, if its ranks told one.
    private func code(_ end: AttemptEnd) -> LockstepError.Code? {
        guard end.cause == .exited, end.signal == nil, end.status < 128 else { return nil }
        if let code = report?.code ?? end.code { return LockstepError.Code(rawValue: code) }
        let codes: [LockstepError.Code] = [
            .usage, .configuration, .data, .notFound, .conflict, .io, .network, .denied, .damaged, .bug,
        ]
        return codes.first { $0.exitCode == end.status }
    }

    private func isUsersToFix(_ end: AttemptEnd) -> Bool { code(end)?.isUsersToFix ?? false }

    private func kind(_ end: AttemptEnd) -> Fault.Kind {
        if interruption != nil { return .interruption }
        switch end.cause {
        case .killed, .abandoned, .vanished, .hung: return .interruption
        case .notStarted: return .system
        case .exited:
            // SIGKILL and SIGTERM come from outside: an operator, the memory limit, a machine going down.
            let signal = end.signal ?? (end.status > 128 ? end.status - 128 : 0)
            let isFromOutside =
                end.status == RankExit.stopped || end.status == RankExit.bereft
                || FaultRow.Cause(end.code) == .death
            if isFromOutside || signal == 9 || signal == 15 { return .interruption }
            // The workers at fault are known and out; another attempt runs without them.
            if report?.code == "diverged", !(report?.workers ?? []).isEmpty { return .interruption }
            if let code = code(end) { return code == .bug && report == nil ? .algorithm : .system }
            return .algorithm
        }
    }

    private func sentence(_ end: AttemptEnd) -> String {
        if let interruption { return interruption }
        if end.cause == .exited, end.status == RankExit.stopped { return "the gang left without being asked" }
        if FaultRow.Cause(end.code) == .death, let message = end.message { return message }
        let who = (end.rank ?? report?.rank).map { "rank \($0)" } ?? "a rank"
        let statusSignal = (129...192).contains(end.status) ? end.status - 128 : nil
        if let signal = end.signal ?? statusSignal, end.cause == .exited {
            return "\(who) was ended by signal \(signal)\(Self.signalNames[signal].map { " (\($0))" } ?? "")"
        }
        if let message = report?.message { return message }
        if end.code != nil, let message = end.message { return message }
        if let message = end.message, !message.isEmpty {
            return end.cause == .exited ? "\(who) ended with status \(end.status): \(message)" : message
        }
        return end.cause == .exited
            ? "\(who) ended with status \(end.status)" : "the attempt ended (\(end.cause.rawValue))"
    }

    /// FailureReason holds 1,024 characters at most.
    private func limited(_ text: String) -> String { String(text.prefix(1024)) }

    private static let signalNames: [Int32: String] = [
        4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM",
    ]
}
