import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import Storage
import Synchronization
import Training

/// Tells the supervisor at intervals what this rank does (`RankPulse`), on a thread of its own.
///
/// A rank without pulses is stopped; one whose operation lasts is stuck. Who decides is the supervisor,
/// which hears all ranks.
final class Watchdog: Sendable {
    private let isOver = Mutex(false)

    /// - Returns: `nil` where no supervisor listens.
    static func start(_ activity: RankActivity) -> Watchdog? {
        let environment = ProcessInfo.processInfo.environment
        guard environment[AttemptFiles.variable] != nil else { return nil }
        let timeout =
            environment[RuntimeEnvironment.hangTimeout].flatMap { Double($0) }
            ?? Double(RuntimeEnvironment.defaultHangTimeoutSeconds)
        let watchdog = Watchdog()
        let thread = Thread { watchdog.run(activity, period: max(0.2, timeout / 4)) }
        thread.name = "watchdog"
        thread.stackSize = 1 << 18
        thread.start()
        return watchdog
    }

    func end() { isOver.withLock { $0 = true } }

    private func run(_ activity: RankActivity, period: Double) {
        var effort = OwnEffort()
        while !isOver.withLock({ $0 }) {
            let hasMoved = effort.hasMoved(within: period)
            if activity.snapshot.kind == .storing, hasMoved { activity.advance() }
            var pulse = activity.snapshot
            pulse.operation += Self.file(of: pulse)
            SupervisorReport.send(pulse.line)
            Thread.sleep(forTimeInterval: period)
        }
    }

    /// Which file a channel is being read from.
    private static func file(of snapshot: RankPulse) -> String {
        let isReading = ["opening channel", "loading channel"].contains { snapshot.operation.hasPrefix($0) }
        guard isReading, snapshot.kind == .storing, let path = FileInHand.path else { return "" }
        return ", last file \(PrintableText.escaped(path))"
    }
}
