/// What the clocks showed when something was stored.
package struct ClockReading: Sendable, Equatable {
    /// The start of the machine that `uptime` counts from.
    package var boot: String
    /// Seconds since then.
    package var uptime: Double
    /// Seconds of the cluster's steady clock.
    package var steady: Double
    /// Seconds since 1970.
    package var wall: Double

    package init(boot: String, uptime: Double, steady: Double, wall: Double) {
        self.boot = boot
        self.uptime = uptime
        self.steady = steady
        self.wall = wall
    }
}
