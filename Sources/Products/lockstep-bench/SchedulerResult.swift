import Foundation

/// What `lockstep-bench scheduler` prints.
struct SchedulerResult {
    /// Kinds of events, each with its own times.
    enum Kind: Int, CaseIterable { case register, create, running, trained, ended, heartbeat, tick }

    var nodeCount = 0
    var slotCount = 0
    var jobCount = 0
    var virtualSeconds = 0.0
    var wholeSeconds = 0.0
    var memoryBytes = 0
    var longestQueue = 0
    var launchCount = 0
    /// Jobs that started while an older one waited.
    var overtakingCount = 0
    /// Durable writes, and rows in them.
    var writeCount = 0
    var savedCount = 0
    private var times = [[Float]](repeating: [], count: Kind.allCases.count)

    /// Slurm's own figure for sustained throughput.
    static let slurmJobsPerSecond = 500.0

    mutating func note(_ kind: Kind, seconds: Double) { times[kind.rawValue].append(Float(seconds)) }

    /// Time in decisions alone.
    var decisionSeconds: Double { times.reduce(0) { $0 + $1.reduce(0) { $0 + Double($1) } } }

    func table() -> String {
        let rate = Double(jobCount) / decisionSeconds
        var lines = [
            "\(nodeCount) nodes, \(slotCount) slots, \(jobCount) jobs, queue of up to \(longestQueue)",
            String(
                format: "decisions %.2f s of %.2f s; %.0f jobs/s, %.1f times Slurm's %.0f", decisionSeconds,
                wholeSeconds, rate, rate / Self.slurmJobsPerSecond, Self.slurmJobsPerSecond),
            String(
                format: "virtual time %.0f s, %d gangs, %.1f %% started while an older job waited",
                virtualSeconds, launchCount, 100 * Double(overtakingCount) / Double(jobCount)),
            String(
                format: "memory %.0f MB, %.1f KB a job; %.2f durable writes and %.2f rows a job",
                Double(memoryBytes) / 1e6, Double(memoryBytes) / Double(jobCount) / 1e3,
                Double(writeCount) / Double(jobCount), Double(savedCount) / Double(jobCount)),
            Self.line(["event", "count", "median µs", "p99 µs", "longest µs"]),
        ]
        for kind in Kind.allCases {
            let sorted = times[kind.rawValue].sorted()
            guard let longest = sorted.last else { continue }
            lines.append(
                Self.line([
                    "\(kind)", "\(sorted.count)", Self.microseconds(sorted[sorted.count / 2]),
                    Self.microseconds(sorted[sorted.count * 99 / 100]), Self.microseconds(longest),
                ]))
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String {
        cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }.joined()
    }

    private static func microseconds(_ seconds: Float) -> String { String(format: "%.1f", seconds * 1e6) }
}
