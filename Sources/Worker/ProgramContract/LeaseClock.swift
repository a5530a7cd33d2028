import Glibc

/// What a worker's lease file says to those that run below the worker: until when they may.
///
/// Two little-endian doubles: when the newest heartbeat was sent that the coordinator has acknowledged, and
/// after how many seconds without a newer one a gang has to end; 0 while the coordinator has not said.
public struct LeaseClock: Sendable, Equatable {
    public var time: Double
    public var fenceSeconds: Double

    public init(time: Double, fenceSeconds: Double) {
        self.time = time
        self.fenceSeconds = fenceSeconds
    }

    /// `nil` when there is no such file.
    public init?(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var words: [UInt64] = [0, 0]
        let count = pread(descriptor, &words, 16, 0)
        // A daemon of an earlier version wrote the time alone.
        guard count >= 8 else { return nil }
        time = Double(bitPattern: words[0])
        fenceSeconds = count == 16 ? Double(bitPattern: words[1]) : 0
    }

    /// Writes it in place, for a file that others have open.
    public func write(to descriptor: Int32) {
        var words = [time.bitPattern, fenceSeconds.bitPattern]
        // What is not written lets the lease end early, which costs an attempt and nothing else.
        pwrite(descriptor, &words, 16, 0)
    }

    /// Whether the lease is over, or will be before a gang could be ended.
    public func isOver(at now: Double = LeaseClock.now()) -> Bool {
        fenceSeconds > 0 && now - time > fenceSeconds
    }

    /// Seconds of a clock that goes on while the machine sleeps, and that nobody sets.
    public static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
