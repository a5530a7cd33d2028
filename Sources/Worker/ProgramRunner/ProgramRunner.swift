import CProcess
import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Processes
public import ProgramContract
import Storage

/// One host of a program's gang: makes its tree, runs its program in it, and brings what it leaves to
/// shared storage. docs/internals/programs.md tells the whole of it.
public struct ProgramRunner {
    private let plan: ProgramPlan
    private let rank: Int
    private let settings: WorkerSettings
    private let signals: Int32
    private let inherited: [String: String]

    /// - Parameters:
    ///   - rank: the host's number, from 0.
    ///   - environment: what the runner was started with.
    /// - Throws: `LockstepError(.usage)` for a rank that the plan does not have.
    public init(
        _ plan: ProgramPlan, rank: Int, settings: WorkerSettings, environment: [String: String]
    ) throws {
        guard plan.hosts.indices.contains(rank) else {
            throw LockstepError(.usage, "rank \(rank) is none of the plan's \(plan.hosts.count) hosts")
        }
        (self.plan, self.rank, self.settings) = (plan, rank, settings)
        inherited = environment
        signal(SIGPIPE, SIG_IGN)
        signals = cprocess_signal_descriptor([SIGUSR1, SIGTERM, SIGINT, SIGCHLD], 4)
        guard signals >= 0, cprocess_become_subreaper() == 0 else {
            throw LockstepError(.io, "cannot watch for signals: \(String(cString: strerror(errno)))")
        }
    }

    /// Runs the program to its end.
    ///
    /// - Returns: the runner's exit status.
    public func run() -> Int32 {
        do {
            let finder = try MetricFinder(plan.job.metrics)
            let host = try ProgramHost(plan, rank: rank, settings: settings)
            defer { host.end() }
            return try run(in: host, finder: finder)
        } catch {
            return hasNotStarted(error)
        }
    }

    private func run(in host: ProgramHost, finder: MetricFinder) throws -> Int32 {
        let services = try makeServices(host)
        for service in services { try service.start() }
        let group = host.limits.memoryBytes.flatMap {
            MemoryGroup(
                name: "lockstep-\(plan.job.name)-\(plan.attempt)-\(rank)-\(getpid())",
                bytes: $0)
        }
        defer {
            for service in services { service.end() }
            group?.remove()
        }
        let command = try ProgramCommand(
            plan, rank: rank, host: host, inherited: inherited,
            added: services.reduce(into: [:]) { $0.merge($1.environment) { $1 } })
        let (process, relay) = try command.start(group: group, finder: finder)
        RunnerOutput.report(ProgramReport(.started))
        let (lease, succession) = (settings.leaseFile, services.compactMap { $0 as? SuccessionWatch })
        var watched = ProgramProcess(
            process, graceSeconds: plan.graceSeconds, signals: signals, services: services,
            memory: host.limits.memoryBytes.map { MemoryWatch(bytesMax: $0) },
            disk: host.limits.volumeBytes.map {
                DiskWatch(bytesMax: $0 + host.uncountedBytes, base: host.tree.base)
            },
            isFenced: {
                lease.flatMap { LeaseClock($0) }?.isOver() ?? false
                    || succession.contains(where: \.isSuperseded)
            })
        var end = watched.wait(volumeGB: host.limits.volumeGB) { (group?.kills ?? 0) > 0 }
        end.isOutOfMemory = (group?.kills ?? 0) > 0
        (end.memoryBytes, end.volumeGB) = (host.limits.memoryBytes, host.limits.volumeGB)
        let errors = relay.finish(seconds: 10)
        return finish(end, errors: errors, host)
    }

    /// What the runner offers its program; their variables go into its environment.
    private func makeServices(_ host: ProgramHost) throws -> [any ProgramService] {
        let commits = try CommitServer(
            plan, rank: rank, settings: settings, base: host.tree.base, visibleBase: host.base,
            user: host.user
        ) { RunnerOutput.line($0) }
        return [SuccessionWatch(plan, user: host.user), commits]
    }

    private func finish(_ end: ProgramEnd, errors: String?, _ host: ProgramHost) -> Int32 {
        var report = ProgramReport(.ended)
        report.outcome = end.outcome
        report.status = end.number
        let said = try? host.user.access { FailureFile.read(host.tree.base) }
        report.message = end.message(failure: said, errors: errors)
        var status = end.runnerStatus
        // What has filled one disk shall not fill the next, and another attempt may be writing already.
        if case .disk = end.reason {
        } else if case .fenced = end.reason {
        } else if let failure = save(end.outcome, host) {
            RunnerOutput.note(failure.message)
            // A program that has failed by itself says why; nothing that it left is a model.
            if end.outcome == .completed || end.outcome == .stopped {
                report.outcome = .unsaved
                report.message = failure.message
                status = failure.code.exitCode
                report.status = status
                report.code = failure.code.rawValue
            }
        }
        RunnerOutput.report(report)
        return status
    }

    /// - Returns: why not all is saved that the program left.
    private func save(_ outcome: ProgramReport.Outcome, _ host: ProgramHost) -> LockstepError? {
        let sentence = "what the program left cannot be saved"
        do {
            var staging = HostStaging(plan: plan, rank: rank, base: host.tree.base, view: host.view)
            let problems = try host.user.access { try staging.collect(outcome) }
            guard !problems.isEmpty else { return nil }
            let more = problems.count > 5 ? "; and \(problems.count - 5) more" : ""
            return LockstepError(.data, "\(sentence): \(problems.prefix(5).joined(separator: "; "))\(more)")
        } catch {
            let code = (error as? LockstepError)?.code ?? .bug
            return LockstepError(code.isUsersToFix ? .io : code, "\(sentence): \(error)")
        }
    }

    private func hasNotStarted(_ error: any Error) -> Int32 {
        let known = error as? LockstepError
        var report = ProgramReport(.ended)
        // What is not the user's to fix is this node's fault: another attempt may do better.
        report.outcome = known?.code.isUsersToFix ?? false ? .notStarted : .killed
        report.status = known?.code.exitCode ?? LockstepError.Code.bug.exitCode
        report.message = "\(error)"
        report.code = known?.code.rawValue
        RunnerOutput.report(report)
        return report.status ?? 1
    }
}
