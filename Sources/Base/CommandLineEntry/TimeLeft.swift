/// Estimates the time to the end from how the part done has grown.
///
/// An interruption sets training back and changes its speed, so the estimate begins anew whenever the
/// part done shrinks.
public struct TimeLeft: Sendable {
    private var start: (seconds: Double, fraction: Double)?
    private var last: (seconds: Double, fraction: Double)?

    public init() {}

    /// - Parameters:
    ///   - seconds: of any clock that does not jump.
    ///   - fraction: part done, 0…1.
    /// - Returns: seconds to the end; `nil` while there is nothing to estimate from.
    public mutating func observe(seconds: Double, fraction: Double) -> Double? {
        if let last, fraction < last.fraction { start = nil }
        last = (seconds, fraction)
        guard let start else {
            self.start = (seconds, fraction)
            return nil
        }
        let done = fraction - start.fraction
        guard done > 0, seconds > start.seconds else { return nil }
        return (seconds - start.seconds) / done * max(0, 1 - fraction)
    }
}
