import Foundation
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

/// What /proc tells about the processes of this node.
package enum ProcessTable {
    struct Entry {
        var pid: Int32
        var state: Character
        var parent: Int32
        var session: Int32
        var startTicks: UInt64
    }

    static let bootID: String =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""

    static func entry(_ pid: Int32) -> Entry? {
        guard let text = read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        // After the name in parentheses: state, parent, group, session, …, start time as field 22.
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]),
            let session = Int32(fields[3]), let start = UInt64(fields[19])
        else { return nil }
        return Entry(pid: pid, state: state, parent: parent, session: session, startTicks: start)
    }

    /// Sends `signal` to every process of the session or with `marker` in its environment, but not to
    /// the caller.
    ///
    /// - Parameter marker: `NAME=VALUE`.
    /// - Returns: how many there were.
    @discardableResult
    static func signal(_ signal: Int32, session: Int32?, marker: String?) -> Int {
        let own = getpid()
        var count = 0
        for pid in pids() where pid != own {
            guard let entry = entry(pid), entry.state != "Z" else { continue }
            let isMember = session.map { entry.session == $0 } ?? false
            guard isMember || marker.map({ hasEnvironment(pid, $0) }) ?? false else { continue }
            if kill(pid, signal) == 0 { count += 1 }
        }
        return count
    }

    private static func pids() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }
    }

    private static func hasEnvironment(_ pid: Int32, _ marker: String) -> Bool {
        guard let text = read("/proc/\(pid)/environ") else { return false }
        return text.utf8.split(separator: 0).contains { $0.elementsEqual(marker.utf8) }
    }

    private static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
