import Glibc

/// Tells whether the kernel has lately ended processes of this machine for want of memory.
///
/// Nothing tells the sender of a SIGKILL, but the kernel counts its own (`oom_kill` in /proc/vmstat).
package struct KernelMemoryKills {
    /// A large process may take seconds from its killing to its end.
    private static let lookSeconds = 5.0

    /// Counts one look and two looks ago.
    private var last: Int?
    private var earlier: Int?
    private var nextLook: Double
    private let count: () -> Int?

    /// - Parameters:
    ///   - now: seconds of a clock that never goes back.
    ///   - count: processes that the kernel has ended since the machine's start; `nil`: nobody knows.
    package init(now: Double, count: @escaping () -> Int? = Self.systemCount) {
        self.count = count
        last = count()
        earlier = last
        nextLook = now + Self.lookSeconds
    }

    /// Looks at the count, now and then.
    package mutating func look(now: Double) {
        guard now >= nextLook else { return }
        nextLook = now + Self.lookSeconds
        (earlier, last) = (last, count())
    }

    /// Whether the count has grown within the last seconds: five to ten.
    package var hasJustStruck: Bool {
        guard let earlier, let count = count() else { return false }
        return count > earlier
    }

    /// `nil` where /proc does not tell.
    package static func systemCount() -> Int? {
        guard let text = ProcessTable.read("/proc/vmstat") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }
}
