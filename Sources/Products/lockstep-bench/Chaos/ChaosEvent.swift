import ClusterTypes
import Foundation

/// A line of an attempt's event log.
struct ChaosEvent {
    var attempt: Int
    var event: TrainingEvent

    init?(_ line: Data, attempt: Int) {
        guard let event = try? JSONDecoder().decode(TrainingEvent.self, from: line) else { return nil }
        self.attempt = attempt
        self.event = event
    }
}

/// How a job came through its interruptions, from its own event logs.
struct ChaosRecovery {
    /// From the last committed step before an interruption to the first after it, in seconds, where a
    /// new world was started.
    var gaps: [Double] = []
    /// The same where the survivors went on in place.
    var inPlaceGaps: [Double] = []
    /// Steps that were committed and taken again.
    var lostSteps = 0
    /// Of these, commits of a program that were on their way from the memory of a node that was lost: at most
    /// `onTheWayMax` a start, as its contract says.
    var onTheWaySteps = 0

    /// Commits that a host may have in memory alone (`CommitStore.waitingLimit`).
    private static let onTheWayMax = 4

    /// - Parameters:
    ///   - events: of all attempts, in order of time.
    ///   - committed: last steps of a program's hosts, by attempt.
    ///   - hasLostMemory: whether a node went with its memory.
    init(
        _ events: [ChaosEvent], of kind: ChaosKind, committed: [Int: [String: Int]], hasLostMemory: Bool
    ) {
        // What a script has committed is told as a checkpoint; where it goes on, as a metric of its own.
        let commit: TrainingEvent.Kind = kind.isScript ? .checkpoint : .progress
        let start: TrainingEvent.Kind = kind.isScript ? .metric : .training
        if kind.isScript { countRepeats(events, committed, hasLostMemory: hasLostMemory) }
        var last: ChaosEvent?
        var hasShrunk = false
        for event in events {
            switch event.event.kind {
            case .shrunk: hasShrunk = true
            case start where !kind.isScript:
                if let before = last?.event.step, let step = event.event.step {
                    lostSteps += max(0, before - step)
                }
            case commit:
                if let before = last {
                    let gap = event.event.time - before.event.time
                    if before.attempt != event.attempt {
                        gaps.append(gap)
                    } else if hasShrunk {
                        inPlaceGaps.append(gap)
                    }
                }
                hasShrunk = false
                last = event
            default: break
            }
        }
    }

    /// A program goes on from the newest step that all its hosts have; what one of them was ahead by does not
    /// count as committed.
    private mutating func countRepeats(
        _ events: [ChaosEvent], _ committed: [Int: [String: Int]], hasLostMemory: Bool
    ) {
        var starts: [Int: Int] = [:]
        for event in events where event.event.kind == .metric {
            starts[event.attempt] = starts[event.attempt] ?? event.event.step
        }
        var known = 0
        for (attempt, start) in starts.sorted(by: { $0.key < $1.key }) {
            let repeated = max(0, known - start)
            lostSteps += repeated
            if hasLostMemory { onTheWaySteps += min(repeated, Self.onTheWayMax) }
            let last = committed[attempt] ?? [:]
            known = max(start, last.count == ChaosKind.scriptHosts ? last.values.min() ?? 0 : 0)
        }
    }
}
