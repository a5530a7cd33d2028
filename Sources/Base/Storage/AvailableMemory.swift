import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

/// How much memory this process may still take before the system or its control group runs out.
///
/// For numbers that come out of files: what they ask for is compared with it before it is allocated.
public enum AvailableMemory {
    /// Allocations below this are made without looking.
    public static let smallest = 64 << 20

    /// Bytes: the least of what the machine has, what each control group above this process leaves, and what
    /// the limits of address space and data segment leave.
    public static var bytes: Int {
        ([machine, addressSpace].compactMap { $0 } + groups).min() ?? Int.max
    }

    /// - Parameters:
    ///   - needed: bytes; `nil` stands for more than can be counted.
    ///   - what: says with its place in a file what asks for them.
    /// - Throws: `LockstepError(.data)` when there are not so many.
    public static func require(_ needed: Int?, for what: @autoclosure () -> String) throws {
        let needed = needed ?? Int.max
        guard needed > smallest else { return }
        let there = bytes
        guard needed > there else { return }
        throw LockstepError(
            .data, "\(what()) needs about \(text(needed)) of memory, and \(text(there)) are available")
    }

    /// A number of bytes in the unit that fits.
    public static func text(_ bytes: Int) -> String {
        if bytes == .max { return "more than 9,000,000 TB" }
        let units = ["bytes", "KB", "MB", "GB", "TB", "PB", "EB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        let tenths = (value * 10).rounded() / 10
        return unit == 0 || tenths >= 100 ? "\(Int(tenths)) \(units[unit])" : "\(tenths) \(units[unit])"
    }

    private static var machine: Int? {
        line("MemAvailable:", of: "/proc/meminfo").map { $0 << 10 }
    }

    private static var addressSpace: Int? {
        func left(_ resource: __rlimit_resource_t, _ name: String) -> Int? {
            var limit = rlimit()
            guard getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
            let used = line(name, of: "/proc/self/status").map { $0 << 10 } ?? 0
            return max(0, Int(limit.rlim_cur) - used)
        }
        return [
            left(__rlimit_resource_t(RLIMIT_AS.rawValue), "VmSize:"),
            left(__rlimit_resource_t(RLIMIT_DATA.rawValue), "VmData:"),
        ].compactMap { $0 }.min()
    }

    /// What each control group from this process's up to the root leaves.
    private static var groups: [Int] {
        var rooms: [Int] = []
        for line in text(of: "/proc/self/cgroup").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isFirstVersion = fields[1].split(separator: ",").contains("memory")
            guard isFirstVersion || fields[0] == "0" else { continue }
            let root = isFirstVersion ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup"
            var parts = fields[2].split(separator: "/")
            while true {
                let folder = ([Substring(root)] + parts).joined(separator: "/")
                if let bytes = left(of: folder, isFirstVersion) { rooms.append(bytes) }
                if parts.popLast() == nil { break }
            }
        }
        return rooms
    }

    /// The group's limit less what it uses, caches of files not counted: they give way.
    private static func left(of folder: String, _ isFirstVersion: Bool) -> Int? {
        let (limitName, usageName) =
            isFirstVersion
            ? ("memory.limit_in_bytes", "memory.usage_in_bytes") : ("memory.max", "memory.current")
        guard let limit = number(of: "\(folder)/\(limitName)"), limit < 1 << 60,
            let usage = number(of: "\(folder)/\(usageName)")
        else { return nil }
        let cache =
            isFirstVersion
            ? ["total_inactive_file", "total_active_file"] : ["inactive_file", "active_file"]
        let cached = cache.compactMap { line($0 + " ", of: "\(folder)/memory.stat") }.reduce(0, +)
        return max(0, limit - max(0, usage - cached))
    }

    private static func number(of path: String) -> Int? {
        text(of: path).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }

    /// The first number behind the word that begins a line.
    private static func line(_ word: String, of path: String) -> Int? {
        for line in text(of: path).split(separator: "\n") where line.hasPrefix(word) {
            return line.dropFirst(word.count).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
        }
        return nil
    }

    /// A small file of the kernel's; empty when it cannot be read.
    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            }
            if read <= 0 { break }
            count += read
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
