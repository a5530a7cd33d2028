package import ClusterTypes
import Foundation
import Glibc

/// A worker's folder in its node's shared memory: one subfolder a job, written by the gangs' ranks,
/// owned, measured and removed by the worker.
package struct HotStateFolder: Sendable {
    /// Empty: this worker keeps no hot state.
    package let path: String
    /// Whether jobs of another user pass through to their own.
    private let isPassage: Bool

    /// Where shared memory is mounted.
    package static let defaultRoot = "/dev/shm"

    /// - Parameters:
    ///   - root: a folder of a memory file system; empty: no hot state.
    ///   - cluster: tells clusters on one machine apart.
    ///   - isPassage: whether jobs of another user pass through to their own.
    package init(root: String, cluster: String, worker: WorkerID, isPassage: Bool = false) {
        self.isPassage = isPassage
        path = root.isEmpty ? "" : "\(root)/lockstep-\(cluster)-\(worker)"
    }

    /// Makes the folder, for this user alone.
    ///
    /// - Returns: whether it is there.
    package func create() -> Bool {
        guard !path.isEmpty else { return false }
        let mode: mode_t = isPassage ? 0o711 : 0o700
        mkdir(path, mode)
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            && information.st_uid == geteuid() && chmod(path, mode) == 0
    }

    /// A job's folder; empty: none.
    package func folder(_ job: JobName) -> String { path.isEmpty ? "" : "\(path)/\(job)" }

    /// Jobs whose hot state is here.
    package var jobs: [JobName] {
        entries(path).filter(JobName.isWellFormed).sorted().map { JobName($0) }
    }

    /// Bytes of shared memory in use.
    package var byteCount: Int {
        var total = 0
        for job in entries(path) {
            for file in entries("\(path)/\(job)") {
                var information = stat()
                // Blocks, not length: a file in memory takes what has been written.
                if stat("\(path)/\(job)/\(file)", &information) == 0 {
                    total += Int(information.st_blocks) * 512
                }
            }
        }
        return total
    }

    /// Removes the hot state of a job.
    package func forget(_ job: JobName) {
        guard !path.isEmpty, JobName.isWellFormed(job.rawValue) else { return }
        // What is not there need not be removed.
        try? FileManager.default.removeItem(atPath: "\(path)/\(job)")
    }

    /// Removes everything.
    package func removeAll() {
        guard !path.isEmpty else { return }
        // What is not there need not be removed.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Removes the folder itself where no job's hot state is left in it.
    package func removeIfEmpty() {
        if !path.isEmpty { rmdir(path) }
    }

    private func entries(_ folder: String) -> [String] {
        path.isEmpty ? [] : (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}
