package import Diagnostics
import Foundation
import Glibc
import ProgramContract
import Synchronization

/// Until when a worker's gangs may run: a file with one time, which the daemon renews, and every supervisor
/// and the runner of every program reads (`LeaseClock`).
///
/// The time is that of the last heartbeat which the coordinator has acknowledged, when it was sent: the
/// coordinator counts the lease from then on or later. While no connection stands, the daemon renews it by
/// itself: a coordinator that is gone gives every worker a whole lease to come back. So a supervisor learns
/// in time of a daemon that is dead, stopped, or connected to somebody who does not answer.
package final class LeaseFile: Sendable {
    /// What may pass between a supervisor's look at the file and the end of its gang's last process: this
    /// part of the lease.
    private static let marginPart = 0.2

    private struct State {
        var descriptor: Int32
        var isConnected = false
        /// When the heartbeats were sent that have no answer yet.
        var sent: [UInt64: Double] = [:]
        var newest = 0.0
        var fenceSeconds = 0.0
    }

    private let state: Mutex<State>

    /// - Throws: `.io` when the file cannot be made.
    package init(_ path: String) throws(LockstepError) {
        let before = LeaseClock(path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LockstepError(.io, "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        // Runners may be another user's.
        fchmod(descriptor, 0o644)
        state = Mutex(State(descriptor: descriptor, fenceSeconds: before?.fenceSeconds ?? 0))
        renew()
    }

    deinit { _ = state.withLock { close($0.descriptor) } }

    /// Renews it for a daemon that has no coordinator to ask.
    package func renew(at now: Double = LeaseFile.now()) {
        state.withLock { if !$0.isConnected { Self.write(now, &$0) } }
    }

    /// The worker is about to register: from now on only heartbeats count.
    package func connected(at now: Double = LeaseFile.now()) {
        state.withLock {
            Self.write(now, &$0)
            $0.isConnected = true
            $0.sent = [:]
        }
    }

    /// What the coordinator has said of the lease, in seconds.
    package func setLease(_ seconds: Double) {
        state.withLock { $0.fenceSeconds = Self.fence(lease: seconds) }
    }

    package func disconnected() { state.withLock { $0.isConnected = false } }

    package func sent(_ sequence: UInt64, at now: Double = LeaseFile.now()) {
        state.withLock { $0.sent[sequence] = now }
    }

    package func acknowledged(_ sequence: UInt64) {
        state.withLock { state in
            guard let time = state.sent[sequence] else { return }
            state.sent = state.sent.filter { $0.key > sequence }
            Self.write(time, &state)
        }
    }

    private static func write(_ time: Double, _ state: inout State) {
        guard time > state.newest else { return }
        state.newest = time
        LeaseClock(time: time, fenceSeconds: state.fenceSeconds).write(to: state.descriptor)
    }

    /// When a supervisor ends its gang, in seconds after the time in the file.
    static func fence(lease: Double) -> Double { lease * (1 - marginPart) }

    package static func now() -> Double { LeaseClock.now() }
}
