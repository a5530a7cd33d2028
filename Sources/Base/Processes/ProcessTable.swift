import Foundation
import Glibc

/// What /proc tells about the processes of this node.
package enum ProcessTable {
    struct Entry {
        var pid: Int32
        var state: Character
        var parent: Int32
        var session: Int32
        var startTicks: UInt64
        var residentPages: Int
    }

    package static let bootID: String =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""

    static func entry(_ pid: Int32) -> Entry? {
        guard let text = read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        // After the name in parentheses: state, parent, group, session, …, start time as field 22.
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 21, let state = fields[0].first, let parent = Int32(fields[1]),
            let session = Int32(fields[3]), let start = UInt64(fields[19]), let pages = Int(fields[21])
        else { return nil }
        return Entry(
            pid: pid, state: state, parent: parent, session: session, startTicks: start, residentPages: pages)
    }

    /// A process below another.
    package struct Member: Sendable, Equatable {
        package var pid: Int32
        /// Memory it has in use, what it shares with others included.
        package var residentBytes: Int
    }

    /// The living processes below `ancestor`, itself left out.
    package static func members(below ancestor: Int32) -> [Member] {
        let entries = Dictionary(grouping: pids().compactMap { entry($0) }, by: \.parent)
        let page = sysconf(Int32(_SC_PAGESIZE))
        var members: [Member] = []
        var rest = [ancestor]
        while let parent = rest.popLast() {
            for entry in entries[parent] ?? [] where entry.pid != parent {
                rest.append(entry.pid)
                if entry.state == "Z" || entry.state == "X" { continue }
                members.append(Member(pid: entry.pid, residentBytes: entry.residentPages * page))
            }
        }
        return members
    }

    /// Memory of a process with what it shares divided among those that share it; `nil` when the system
    /// does not tell.
    package static func proportionalBytes(_ pid: Int32) -> Int? {
        guard let text = read("/proc/\(pid)/smaps_rollup") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
        }
        return nil
    }

    /// Sends `signal` to every process of the session or with `marker` in its environment, but not to
    /// the caller.
    ///
    /// - Parameter marker: `NAME=VALUE`.
    /// - Returns: how many there were.
    @discardableResult
    package static func signal(_ signal: Int32, session: Int32?, marker: String?) -> Int {
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

    static func read(_ path: String) -> String? {
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
