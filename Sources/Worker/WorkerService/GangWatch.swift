import ClusterTypes

/// Finds the rank that makes no progress while its peers wait for it. Pure: the time comes from outside.
///
/// Each rank's watchdog sends a pulse every quarter of the timeout: its step, what it does and for how
/// long without progress. When a rank has waited in a collective call for the timeout, then
/// - a rank without pulses for as long is *stopped*;
/// - one that works for as long without finishing anything is *stuck*; one that reads or writes has
///   three times as long, for a file system may take its time to say that bytes are safe, and is found then
///   whether or not another rank waits;
/// - and if all ranks wait, for twice as long, in calls that do not meet, the world is stuck.
/// No pulse since the start for the timeout tells that the world does not come up, as when a rank died on
/// the way and its MPI waits for it. No pulse of any rank for twice the timeout tells that the whole gang
/// is stopped. A rank that finishes shards, or whose bytes go, starts its time again, so it may be slow.
package struct GangWatch: Sendable {
    /// Who does not get on, and with what.
    package struct Finding: Equatable, Sendable {
        /// `nil`: nobody in particular.
        package var rank: Int?
        package var step: Int?
        /// What happened, to stand behind the rank's name: `made no progress for 3 s in step 7: …`.
        package var sentence: String
    }

    @dynamicMemberLookup
    private struct Pulse {
        var pulse: RankPulse
        /// When it was heard.
        var time: Double
        subscript<Value>(dynamicMember member: KeyPath<RankPulse, Value>) -> Value { pulse[keyPath: member] }
    }

    private let timeout: Double
    private let world: Int
    private var pulses: [Int: Pulse] = [:]
    /// Observed time: what passes between two checks counts up to `longestGap`, so that a supervisor that
    /// was stopped itself accuses nobody.
    private var clock = 0.0
    private var lastLook: Double?
    private var firstPulse: Double?
    /// Whether some rank has begun the first step.
    package private(set) var hasTakenStep = false

    private var longestGap: Double { max(1, timeout / 8) }

    /// - Parameters:
    ///   - timeout: seconds that ranks may wait for one that makes no progress.
    ///   - world: number of ranks.
    package init(timeout: Double, world: Int) {
        self.timeout = timeout
        self.world = world
    }

    /// Takes a line of a rank's standard error.
    ///
    /// - Returns: whether it was a pulse, which is not for people.
    package mutating func read(_ line: String, rank: Int) -> Bool {
        guard line.hasPrefix(RankPulse.prefix) else { return false }
        guard let pulse = RankPulse(line: line) else { return true }
        pulses[rank] = Pulse(pulse: pulse, time: clock)
        if firstPulse == nil { firstPulse = clock }
        if pulse.step != nil { hasTakenStep = true }
        return true
    }

    /// Looks at the clock.
    ///
    /// - Parameter now: seconds of a clock that never goes back.
    package mutating func check(at now: Double) -> Finding? {
        clock += min(now - (lastLook ?? now), longestGap)
        lastLook = now
        guard let firstPulse else {
            guard clock >= timeout else { return nil }
            return Finding(sentence: "no rank has begun within \(Self.text(timeout)) of its start")
        }
        let silences = (0..<world).map { clock - (pulses[$0]?.time ?? firstPulse) }
        if silences.allSatisfy({ $0 >= 2 * timeout }) {
            return Finding(sentence: "no rank gave a sign of life for \(Self.text(2 * timeout))")
        }
        // A rank that hangs in a file needs nobody to wait for it: all may hang in the same one.
        for rank in 0..<world where pulses[rank]?.kind == .storing && silences[rank] < timeout {
            if let finding = suspicion(rank, silences[rank]) { return finding }
        }
        let waits = (0..<world).map { wait($0, silences[$0]) }
        guard waits.contains(where: { $0 ?? 0 >= timeout }) else { return nil }
        for rank in 0..<world {
            if let finding = suspicion(rank, silences[rank]) { return finding }
        }
        guard waits.allSatisfy({ $0 ?? 0 >= 2 * timeout }), let pulse = pulses[0] else { return nil }
        return Finding(
            step: pulse.step,
            sentence: "all ranks wait for each other since \(Self.text(2 * timeout))\(Self.place(pulse))")
    }

    /// Seconds that a rank has been waiting for others; `nil` when it does not, or is not heard of.
    private func wait(_ rank: Int, _ silence: Double) -> Double? {
        guard let pulse = pulses[rank], pulse.kind == .waiting, silence < timeout else { return nil }
        // Not more than it said itself: since then it may have gone on.
        return pulse.seconds
    }

    private func suspicion(_ rank: Int, _ silence: Double) -> Finding? {
        let pulse = pulses[rank]
        if silence >= timeout {
            let waiting = pulses.values.filter { $0.kind == .waiting }.max { $0.seconds < $1.seconds }
            return Finding(
                rank: rank, step: waiting?.step ?? pulse?.step,
                sentence: "gave no sign of life for \(Self.text(timeout)) while others wait for it"
                    + (waiting.map { Self.place($0) } ?? "")
                    + (pulse.map { "; last heard of \($0.operation)" } ?? ""))
        }
        guard let pulse, pulse.kind != .waiting else { return nil }
        let patience = pulse.kind == .storing ? 3 * timeout : timeout
        guard pulse.seconds >= patience else { return nil }
        let isAwaited = pulses.contains { $0.key != rank && $0.value.kind == .waiting }
        let others = isAwaited ? " while others wait for it" : ""
        return Finding(
            rank: rank, step: pulse.step,
            sentence:
                "made no progress for \(Self.text(patience))\(others)\(Self.place(pulse))"
        )
    }

    private static func place(_ pulse: Pulse) -> String {
        (pulse.step.map { ", in step \($0 + 1)" } ?? "") + ": \(pulse.operation)"
    }

    private static func text(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
