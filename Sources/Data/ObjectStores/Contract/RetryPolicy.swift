import Diagnostics

/// When a failed call is made again: by the kind of error, after a pause that grows and is never the same
/// for two callers.
package struct RetryPolicy: Sendable {
    /// Calls at most, the first one included.
    package var attempts: Int
    /// The longest first pause, in seconds; each further one may be twice as long.
    package var firstSeconds: Double
    /// The longest pause of all, in seconds.
    package var longestSeconds: Double
    /// Waits; tests wait for nothing.
    package var sleep: @Sendable (Double) async throws -> Void

    /// Calls at most where the bytes were wrong: a store that keeps wrong bytes gives them every time.
    static let attemptsWhenDamaged = 3

    package init(
        attempts: Int = 7, firstSeconds: Double = 0.2, longestSeconds: Double = 8,
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) {
        self.attempts = attempts
        self.firstSeconds = firstSeconds
        self.longestSeconds = longestSeconds
        self.sleep = sleep
    }

    /// Whether another call can do better.
    package func isWorthAnother(_ error: any Error, after attempts: Int) -> Bool {
        switch (error as? LockstepError)?.code {
        case .network: attempts < self.attempts
        case .damaged: attempts < min(self.attempts, Self.attemptsWhenDamaged)
        default: false
        }
    }

    /// How long to wait after so many calls, in seconds: a random part of what doubles with each, so that
    /// many callers do not come back together.
    package func pause(after attempts: Int) -> Double {
        let longest = min(longestSeconds, firstSeconds * Double(1 << min(attempts - 1, 20)))
        return Double.random(in: longest / 4...longest)
    }

    /// Calls `body` until it succeeds or another call is not worth it.
    ///
    /// - Throws: the last error, with the number of calls where there was more than one.
    package func run<Result>(_ body: () async throws -> Result) async throws -> Result {
        var count = 1
        while true {
            do {
                return try await body()
            } catch {
                guard isWorthAnother(error, after: count) else { throw Self.counted(error, count) }
            }
            try await sleep(pause(after: count))
            count += 1
        }
    }

    static func counted(_ error: any Error, _ count: Int) -> any Error {
        guard count > 1, var error = error as? LockstepError else { return error }
        error.message += ", \(count) times in a row"
        return error
    }
}
