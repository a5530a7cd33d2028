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

    /// - Parameter events: of all attempts, in order of time.
    init(_ events: [ChaosEvent], of kind: ChaosKind) {
        // What a script has committed is told as a checkpoint; where it goes on, as a metric of its own.
        let commit: TrainingEvent.Kind = kind.isScript ? .checkpoint : .progress
        let start: TrainingEvent.Kind = kind.isScript ? .metric : .training
        var last: ChaosEvent?
        var hasShrunk = false
        for event in events {
            switch event.event.kind {
            case .shrunk: hasShrunk = true
            case start:
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
}
