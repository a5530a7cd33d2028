import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// For how long a worker keeps the folders of attempts that are over: logs and reports, for people to look
/// at. A folder is `ATTEMPTS/JOB/NUMBER`, and settled once the coordinator has all of it.
public struct AttemptRetention: Sendable, Equatable {
    /// Days after an attempt was settled.
    public var keepDays: Double
    /// Newest settled attempts that are kept.
    public var keepAttempts: Int

    /// The file in an attempt's folder that tells that it is settled.
    public static let settledName = "settled"
    /// A folder without attempts may be one in the making for so long, in seconds.
    private static let makingSeconds = 60.0

    public init(keepDays: Double = 30, keepAttempts: Int = 50) {
        self.keepDays = keepDays
        self.keepAttempts = keepAttempts
    }

    /// Settled attempts' folders that are not kept, oldest first.
    ///
    /// - Parameters:
    ///   - attempts: the folder of all attempts of a worker.
    ///   - time: seconds since 1970.
    public func expired(in attempts: String, at time: Double) -> [String] {
        let settled = Self.folders(in: attempts).flatMap { Self.folders(in: $0) }
            .compactMap { folder in
                Self.modified("\(folder)/\(Self.settledName)").map { (folder: folder, time: $0) }
            }.sorted { ($0.time, $0.folder) < ($1.time, $1.folder) }
        let surplus = max(0, settled.count - keepAttempts)
        let limit = time - keepDays * 86_400
        return settled.enumerated().filter { $0.offset < surplus || $0.element.time < limit }
            .map(\.element.folder)
    }

    /// Folders of jobs in which no attempt is left.
    public static func empty(in attempts: String, at time: Double) -> [String] {
        folders(in: attempts).filter { folder in
            (try? FileSystem.names(in: folder))?.isEmpty ?? false
                && time - (modified(folder) ?? time) >= makingSeconds
        }
    }

    /// Removes what is not kept.
    ///
    /// - Returns: bytes that were freed, and how many attempts' folders went.
    public func apply(in attempts: String, at time: Double) -> (count: Int, bytes: Int) {
        var (count, bytes) = (0, 0)
        for folder in expired(in: attempts, at: time) {
            let size = Self.bytes(below: folder)
            // What cannot be removed now is tried again next time.
            guard (try? FileSystem.remove(folder)) != nil else { continue }
            (count, bytes) = (count + 1, bytes + size)
            if let job = FileSystem.parent(of: folder) { rmdir(job) }
        }
        for folder in Self.empty(in: attempts, at: time) { rmdir(folder) }
        return (count, bytes)
    }

    /// What a folder takes of the disk.
    public static func bytes(below folder: String) -> Int {
        var sum = 0
        for name in (try? FileSystem.names(in: folder)) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard lstat(path, &status) == 0 else { continue }
            sum += Int(status.st_blocks) * 512
            if status.st_mode & S_IFMT == S_IFDIR { sum += bytes(below: path) }
        }
        return sum
    }

    private static func folders(in folder: String) -> [String] {
        ((try? FileSystem.names(in: folder)) ?? []).map { "\(folder)/\($0)" }
            .filter { (try? FileSystem.kind(of: $0)) == .folder }
    }

    /// Seconds since 1970; `nil` when nothing is there.
    private static func modified(_ path: String) -> Double? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec)
    }
}
