package import ClusterTypes
import Diagnostics
import ProgramContract

/// What the hosts of a program have said, and what it makes of the attempt. Pure.
package struct ProgramWatch: Sendable {
    private let world: Int
    private var hasStarted = false
    /// The last word of each host, in the order in which they came.
    private var ends: [(rank: Int, report: ProgramReport)] = []

    package init(world: Int) { self.world = world }

    /// Takes a line of a host's standard error.
    ///
    /// - Returns: the events to record; `nil` when the line is no report.
    package mutating func read(_ line: String, rank: Int, at time: Double) -> [TrainingEvent]? {
        guard let report = ProgramReport(line: line) else { return nil }
        switch report.kind {
        case .started:
            guard !hasStarted else { return [] }
            hasStarted = true
            var started = TrainingEvent(.started, time: time)
            started.world = world
            return [started, TrainingEvent(.training, time: time)]
        case .metric: return [metric(report, time)]
        case .committed:
            // Hosts commit side by side; one of them counts the steps.
            guard rank == 0, let step = report.step else { return [] }
            var event = TrainingEvent(.checkpoint, time: time)
            event.step = step
            return [event]
        case .ended:
            ends.append((rank, report))
            return []
        }
    }

    private func metric(_ report: ProgramReport, _ time: Double) -> TrainingEvent {
        var event = TrainingEvent(.metric, time: time)
        event.name = report.name
        event.value = report.value
        event.step = report.step
        return event
    }

    /// The attempt's end, as far as the hosts decide it.
    ///
    /// - Parameter status: exit status of `mpirun`.
    /// - Returns: `nil` when no host has said why the gang ended badly.
    package func end(ofLauncher status: Int32, at time: Double) -> AttemptEnd? {
        // The first to fail is the cause; what others say after it is an echo.
        if let (rank, report) = ends.first(where: { Self.isFault($0.report) }) {
            return Self.fault(report, rank, time)
        }
        if let (rank, report) = ends.first(where: { Self.isKill($0.report) }) {
            return kill(report, rank, time)
        }
        if ends.contains(where: { $0.report.outcome == .stopped }) {
            return AttemptEnd(.exited, status: RankExit.stopped, time: time)
        }
        let completed = ends.count { $0.report.outcome == .completed }
        guard completed == world, status == 0 else { return nil }
        return AttemptEnd(.exited, status: RankExit.completed, time: time)
    }

    private static func isFault(_ report: ProgramReport) -> Bool {
        switch report.outcome {
        case .failed, .notStarted: true
        case .unsaved: report.status == LockstepError.Code.data.exitCode
        default: false
        }
    }

    private static func isKill(_ report: ProgramReport) -> Bool {
        switch report.outcome {
        case .killed, .signalled, .outOfMemory, .unsaved: true
        default: false
        }
    }

    private func kill(_ report: ProgramReport, _ rank: Int, _ time: Double) -> AttemptEnd {
        let status = report.status ?? 137
        var end = AttemptEnd(.exited, status: status, time: time)
        end.rank = rank
        if status > 128 { end.signal = status - 128 }
        end.message = report.message.map { world > 1 ? "algo-\(rank + 1): \($0)" : $0 }
        switch report.outcome {
        case .signalled: end.code = AttemptEnd.signalledCode
        case .outOfMemory: end.code = AttemptEnd.outOfMemoryCode
        default: end.code = report.code
        }
        return end
    }

    private static func fault(_ report: ProgramReport, _ rank: Int, _ time: Double) -> AttemptEnd {
        let code: LockstepError.Code? =
            switch report.outcome {
            case .notStarted: .configuration
            case .unsaved: .data
            default: nil
            }
        var end = AttemptEnd(.exited, status: code?.exitCode ?? report.status ?? 1, time: time)
        end.rank = rank
        end.code = code?.rawValue ?? AttemptEnd.programCode
        end.message = report.message
        return end
    }
}
