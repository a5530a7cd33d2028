import Diagnostics

/// What the runtime reads from a request's Environment; nothing of it changes a result.
public struct RuntimeEnvironment: Sendable, Equatable {
    /// Threads of each rank.
    public var threadCount: Int
    /// Milliseconds to sleep after every step: for demonstrations.
    public var stepDelayMilliseconds: Int
    /// Seconds that ranks may wait for one that makes no progress.
    public var hangTimeoutSeconds: Int

    /// Variable that holds `threadCount`.
    public static let threads = "LOCKSTEP_THREADS"
    /// Variable that holds `stepDelayMilliseconds`.
    public static let stepDelay = "LOCKSTEP_STEP_DELAY_MS"
    /// Variable that holds `hangTimeoutSeconds`.
    public static let hangTimeout = "LOCKSTEP_HANG_TIMEOUT_SECONDS"
    /// What it is where a job says nothing.
    public static let defaultHangTimeoutSeconds = 60
    /// Threads that a rank may have.
    public static let threadRange = 1...1024

    /// - Throws: `LockstepError(.configuration)` naming the variable, its value and its range.
    public init(_ environment: [String: String]) throws {
        threadCount = try Self.number(Self.threads, environment, in: Self.threadRange) ?? 1
        stepDelayMilliseconds = try Self.number(Self.stepDelay, environment, in: 0...3_600_000) ?? 0
        hangTimeoutSeconds =
            try Self.number(Self.hangTimeout, environment, in: 1...86_400) ?? Self.defaultHangTimeoutSeconds
    }

    /// A whole number out of an Environment; `nil` where it has none of that name.
    ///
    /// - Throws: `LockstepError(.configuration)` naming the variable, its value and its range.
    public static func number(
        _ name: String, _ environment: [String: String], in range: ClosedRange<Int>
    ) throws -> Int? {
        guard let text = environment[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw LockstepError(
                .configuration,
                "\(name) in Environment is '\(text)', but must be a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound)")
        }
        return value
    }
}
