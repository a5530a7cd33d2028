package import ClusterTypes
import Foundation
import Glibc
import JobStore
import Processes

/// The clocks of the coordinator's machine, and the steady time that is made of them.
package struct CoordinatorClock: Sendable {
    /// Seconds since 1970; may jump.
    private let wall: @Sendable () -> Double
    /// Seconds since the machine's start, also while it slept; never jumps.
    private let uptime: @Sendable () -> Double
    /// Changes with every start of the machine.
    private let boot: String
    /// Steady time at the machine's start.
    private var origin = 0.0

    /// - Parameter boot: the start of the machine that `uptime` counts from.
    package init(
        boot: String, uptime: @escaping @Sendable () -> Double, wall: @escaping @Sendable () -> Double
    ) {
        self.boot = boot
        self.uptime = uptime
        self.wall = wall
    }

    /// The machine's own.
    package static var system: CoordinatorClock {
        CoordinatorClock(
            boot: ProcessTable.bootID,
            uptime: {
                var time = timespec()
                clock_gettime(CLOCK_BOOTTIME, &time)
                return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            }, wall: { Date().timeIntervalSince1970 })
    }

    /// Goes on where the store's last reading ends. On the same start of the machine that is exact. The time
    /// between two starts counts nothing: only the wall clock could tell it, and that may have been set.
    mutating func goOn(from last: ClockReading?) {
        guard let last else {
            // A store of an earlier release has wall times in its states: begin with them.
            origin = wall() - uptime()
            return
        }
        origin = last.steady - (last.boot == boot ? last.uptime : uptime())
    }

    package var now: Moment { Moment(steady: origin + uptime(), wall: wall()) }

    /// What the store has to remember.
    var reading: ClockReading {
        let up = uptime()
        return ClockReading(boot: boot, uptime: up, steady: origin + up, wall: wall())
    }
}
