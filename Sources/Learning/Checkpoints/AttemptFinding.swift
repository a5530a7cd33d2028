/// An attempt of a job, as the history tells it: who took which steps.
public struct AttemptFinding: Codable, Sendable, Equatable {
    /// Number in a cluster, or place in the file for runs by hand.
    public var attempt: Int
    /// Ranks, and threads of each.
    public var world: Int
    public var threads: Int
    /// Names of the workers, each once, in order of rank; empty for runs by hand.
    public var workers: [String]
    /// What it went on from: `start`, `checkpoint` or `hot state`.
    public var source: String
    /// Step of the state that it went on from.
    public var resumedStep: Int
    /// Steps of it that count; what a later attempt took again is not among them. `nil`: none.
    public var firstStep: Int?
    public var lastStep: Int?
    /// Seconds since 1970.
    public var started: Double
    /// Whether another attempt followed.
    public var isInterrupted: Bool

    /// All attempts of a job, in order.
    ///
    /// - Parameter lastStep: of the history.
    static func all(_ lines: [AttemptLine], lastStep: Int) -> [AttemptFinding] {
        lines.enumerated().map { index, line in
            // The state that the first of the later ones, or any after it, went on from.
            let end = lines.dropFirst(index + 1).map(\.firstStep).min() ?? lastStep
            let took = end > line.firstStep
            var workers: [String] = []
            for name in line.workers ?? [] where !name.isEmpty && !workers.contains(name) {
                workers.append(name)
            }
            return AttemptFinding(
                attempt: line.attempt ?? index + 1, world: line.world, threads: line.threads,
                workers: workers, source: line.source ?? (line.firstStep == 0 ? "start" : "checkpoint"),
                resumedStep: line.firstStep, firstStep: took ? line.firstStep + 1 : nil,
                lastStep: took ? end : nil, started: line.time, isInterrupted: index + 1 < lines.count)
        }
    }

    /// A sentence when the history tells another world size for a step of this attempt.
    func problem(in history: CommitHistory) -> String? {
        guard let firstStep, let lastStep, firstStep <= lastStep else { return nil }
        guard let other = (firstStep...lastStep).first(where: { history[$0].map(\.world) ?? world != world })
        else { return nil }
        return "step \(other) is said to be taken by \(history[other]?.world ?? 0) ranks in "
            + "\(CommitHistory.fileName), but attempt \(attempt) had \(world)"
    }
}
