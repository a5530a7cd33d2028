import Foundation
import Glibc
import Processes

/// A control group that holds a program to its share of memory, where this process may make one: version
/// 1's memory controller, or version 2 below a group whose children have it.
struct MemoryGroup {
    let path: String
    private let isVersion2: Bool

    /// - Returns: `nil` where there is none to be had; the watch alone keeps the limit then.
    init?(name: String, bytes: Int) {
        let own = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
        for parent in Self.parents(own) {
            let path = "\(parent.path)/\(name)"
            guard mkdir(path, 0o755) == 0 || errno == EEXIST else { continue }
            if Self.setUp(path, bytes: bytes, isVersion2: parent.isVersion2) {
                (self.path, isVersion2) = (path, parent.isVersion2)
                return
            }
            rmdir(path)
        }
        return nil
    }

    /// How many processes the kernel has ended because the group had used up its memory.
    var kills: Int {
        let file = isVersion2 ? "memory.events" : "memory.oom_control"
        guard let text = try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    /// Removes it, once its processes are gone; the kernel takes a moment to see that.
    func remove() {
        for _ in 0..<100 {
            if rmdir(path) == 0 || errno == ENOENT { return }
            usleep(10_000)
        }
    }

    private static func parents(_ own: String) -> [(path: String, isVersion2: Bool)] {
        var parents: [(path: String, isVersion2: Bool)] = []
        for line in own.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let place = fields[2] == "/" ? "" : String(fields[2])
            if fields[1] == "memory" {
                let root = "/sys/fs/cgroup/memory"
                parents += [(root + place, false)] + (place.isEmpty ? [] : [(root, false)])
            } else if fields[0] == "0" {
                let root = "/sys/fs/cgroup"
                let above = place.isEmpty ? "" : (place as NSString).deletingLastPathComponent
                for path in [root + place, root + (above == "/" ? "" : above)] where hasMemory(path) {
                    parents.append((path, true))
                }
            }
        }
        return parents
    }

    private static func hasMemory(_ path: String) -> Bool {
        let text = try? String(contentsOfFile: path + "/cgroup.subtree_control", encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).contains("memory") ?? false
    }

    private static func setUp(_ path: String, bytes: Int, isVersion2: Bool) -> Bool {
        if isVersion2 {
            // Swap would hide the excess, and one process gone is the program gone: best effort both.
            _ = put("0", "\(path)/memory.swap.max")
            _ = put("1", "\(path)/memory.oom.group")
            // Where the groups below this one may: the limit of processes is the host's own then.
            _ = put("\(JobUser.usualProcessMax)", "\(path)/pids.max")
            return put("\(bytes)", "\(path)/memory.max")
        }
        guard put("\(bytes)", "\(path)/memory.limit_in_bytes") else { return false }
        // Only kernels that account for swap have it.
        _ = put("\(bytes)", "\(path)/memory.memsw.limit_in_bytes")
        return true
    }

    private static func put(_ text: String, _ path: String) -> Bool {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return write(file, text, text.utf8.count) == text.utf8.count
    }
}
