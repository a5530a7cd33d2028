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
    /// From the last committed step of an attempt to the first of the next, in seconds.
    var gaps: [Double] = []
    /// Steps that were committed and taken again.
    var lostSteps = 0

    init(_ events: [ChaosEvent]) {
        let attempts = Set(events.map(\.attempt)).sorted()
        var before: (step: Int, time: Double)?
        for attempt in attempts {
            let own = events.filter { $0.attempt == attempt }
            let first = own.first { $0.event.kind == .training }?.event.step
            if let before, let first { lostSteps += max(0, before.step - first) }
            let progress = own.filter { $0.event.kind == .progress }.map(\.event)
            if let before, let next = progress.first { gaps.append(next.time - before.time) }
            if let last = progress.last, let step = last.step { before = (step, last.time) }
        }
    }
}
