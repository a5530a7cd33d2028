#if canImport(Glibc)
    import Glibc
#endif

/// Whether a process gets on while it reads or writes: bytes go, or it computes. What the calling thread does
/// does not count, for it only watches.
struct OwnEffort {
    /// Part of a processor's time that counts as computing.
    private static let busyPart = 0.1

    private var bytes: UInt64?
    private var seconds = 0.0

    /// Looks again; always from the same thread.
    ///
    /// - Parameter period: seconds since the last look.
    mutating func hasMoved(within period: Double) -> Bool {
        let (oldBytes, oldSeconds) = (bytes, seconds)
        bytes = Self.bytesOfOthers()
        seconds = Self.clock(CLOCK_PROCESS_CPUTIME_ID) - Self.clock(CLOCK_THREAD_CPUTIME_ID)
        return bytes != oldBytes || seconds - oldSeconds > period * Self.busyPart
    }

    /// Bytes that the other threads have read and written so far.
    private static func bytesOfOthers() -> UInt64? {
        guard let own = read("/proc/thread-self/io"), let all = read("/proc/self/io") else { return nil }
        // The second file counts that the first one was read.
        return total(all) &- total(own) &- UInt64(own.count)
    }

    /// `rchar` and `wchar`, the first two lines.
    private static func total(_ text: [UInt8]) -> UInt64 {
        text.split(separator: 0x0A).prefix(2).reduce(0) { sum, line in
            let digits = line.drop { !(0x30...0x39).contains($0) }
            return sum &+ (UInt64(String(decoding: digits, as: UTF8.self)) ?? 0)
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static func clock(_ id: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(id, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
