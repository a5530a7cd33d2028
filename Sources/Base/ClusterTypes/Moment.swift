/// A point in time by two clocks: one that measures, and one for people.
///
/// Limits, leases and pauses go by the steady clock. It never jumps, and goes on over restarts of the
/// coordinator. What people read goes by the wall clock, which may be set at any time.
public struct Moment: Sendable, Equatable {
    /// Seconds of the steady clock; only differences mean something.
    public var steady: Double
    /// Seconds since 1970, as the machine's clock says.
    public var wall: Double

    public init(steady: Double, wall: Double) {
        self.steady = steady
        self.wall = wall
    }
}
