import Glibc

/// A process that cannot be mistaken for a later one with the same id.
package struct ProcessIdentity: Codable, Sendable, Equatable {
    package var pid: Int32
    /// Clock ticks after boot when it started, from /proc/PID/stat.
    package var startTicks: UInt64
    /// Changes with every boot of the machine.
    package var bootID: String

    /// The process that runs this code.
    package static func current() -> ProcessIdentity? { ProcessIdentity(pid: getpid()) }

    /// The process that has this id now; `nil` when none has.
    package init?(pid: Int32) {
        guard let entry = ProcessTable.entry(pid) else { return nil }
        self.pid = pid
        startTicks = entry.startTicks
        bootID = ProcessTable.bootID
    }

    /// Whether it still runs (a zombie does not).
    package var isAlive: Bool {
        guard bootID == ProcessTable.bootID, let entry = ProcessTable.entry(pid) else { return false }
        return entry.startTicks == startTicks && entry.state != "Z" && entry.state != "X"
    }
}
