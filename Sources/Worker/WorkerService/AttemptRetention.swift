import Foundation
import Glibc
import Storage

/// For how long a worker keeps the folders of attempts that are over: logs and reports, for people and for
/// `lockstep verify`. A folder is `ATTEMPTS/JOB/NUMBER`, and settled once the coordinator has all of it.
///
/// The coordinator tells workers which jobs it forgets, and their attempts go then; these numbers are for
/// what it does not tell of any more, and by default greater than its own.
package struct AttemptRetention: Sendable, Equatable {
    /// Days after an attempt was settled.
    package var keepDays: Double
    /// Newest settled attempts that are kept.
    package var keepAttempts: Int

    package static let standard = AttemptRetention(keepDays: 100, keepAttempts: 20_000)

    /// The file in an attempt's folder that tells that it is settled.
    static let settledName = "settled"
    /// Something without a plan may be a folder in the making for so long, in seconds.
    private static let makingSeconds = 60.0

    package init(keepDays: Double, keepAttempts: Int) {
        self.keepDays = keepDays
        self.keepAttempts = keepAttempts
    }

    /// Settled attempts' folders that are not kept, oldest first. Those of a job with an attempt that is not
    /// settled stay: its history is still being written.
    ///
    /// - Parameters:
    ///   - attempts: the folder of all attempts of a worker.
    ///   - time: seconds since 1970.
    package func expired(in attempts: String, at time: Double) -> [String] {
        var settled: [(folder: String, time: Double)] = []
        for job in Self.folders(in: attempts) {
            let folders = Self.folders(in: job).filter(Self.isAttempt)
            let times = folders.compactMap { Self.modified("\($0)/\(Self.settledName)") }
            guard times.count == folders.count else { continue }
            settled += zip(folders, times).map { (folder: $0, time: $1) }
        }
        settled.sort { ($0.time, $0.folder) < ($1.time, $1.folder) }
        let surplus = max(0, settled.count - keepAttempts)
        let limit = time - keepDays * 86_400
        return settled.enumerated().filter { $0.offset < surplus || $0.element.time < limit }
            .map(\.element.folder)
    }

    /// Removes what is not kept, attempts of which there is no plan, and folders of jobs without attempts.
    package func apply(in attempts: String, at time: Double) {
        // What cannot be removed now is tried again next time.
        for folder in expired(in: attempts, at: time) { try? FileSystem.remove(folder) }
        for job in Self.folders(in: attempts) {
            for attempt in Self.folders(in: job) where !Self.isAttempt(attempt) {
                if Self.isOld(attempt, at: time) { try? FileSystem.remove(attempt) }
            }
            // The folder of a job whose first attempt is being made has that in a moment.
            if Self.isOld(job, at: time) { rmdir(job) }
        }
    }

    /// Removes the settled attempts of a job that is forgotten.
    static func forget(job: String) {
        for folder in folders(in: job) where modified("\(folder)/\(settledName)") != nil {
            try? FileSystem.remove(folder)
        }
        rmdir(job)
    }

    private static func isAttempt(_ folder: String) -> Bool {
        modified("\(folder)/\(AttemptFolder.planName)") != nil
    }

    private static func isOld(_ folder: String, at time: Double) -> Bool {
        time - (modified(folder) ?? time) >= makingSeconds
    }

    private static func folders(in folder: String) -> [String] {
        ((try? FileSystem.names(in: folder)) ?? []).map { "\(folder)/\($0)" }
            .filter { FileTree.kind($0) == .folder }
    }

    /// Seconds since 1970; `nil` when nothing is there.
    private static func modified(_ path: String) -> Double? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec)
    }
}
