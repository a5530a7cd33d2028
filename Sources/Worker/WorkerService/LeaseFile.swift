package import Diagnostics
import Foundation
import Glibc
import Synchronization

/// Until when a worker's gangs may run: a file with one time, which the daemon renews and every supervisor
/// reads.
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
    }

    private let state: Mutex<State>

    /// - Throws: `.io` when the file cannot be made.
    package init(_ path: String) throws(LockstepError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw LockstepError(.io, "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        state = Mutex(State(descriptor: descriptor))
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
        var bytes = time.bitPattern
        // What is not written lets the lease end early, which costs an attempt and nothing else.
        pwrite(state.descriptor, &bytes, MemoryLayout<UInt64>.size, 0)
    }

    /// The time in the file; `nil` when there is none.
    package static func time(_ path: String) -> Double? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bits: UInt64 = 0
        guard pread(descriptor, &bits, MemoryLayout<UInt64>.size, 0) == MemoryLayout<UInt64>.size else {
            return nil
        }
        return Double(bitPattern: bits)
    }

    /// When a supervisor ends its gang, in seconds after the time in the file.
    static func fence(lease: Double) -> Double { lease * (1 - marginPart) }

    /// Seconds of a clock that goes on while the machine sleeps, and that nobody sets.
    package static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
