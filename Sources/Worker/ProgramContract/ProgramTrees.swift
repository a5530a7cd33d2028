import Processes
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// The trees of programs in a worker's scratch folder: `SCRATCH/JOB/ATTEMPT/algo-N`, each with a lock beside
/// it that its runner holds.
public enum ProgramTrees {
    /// Removes the trees of runners that are no more: those that were killed. Safe at any time, also beside
    /// others that do the same.
    public static func sweep(_ scratch: String) {
        for job in names(scratch) {
            for attempt in names("\(scratch)/\(job)") {
                let folder = "\(scratch)/\(job)/\(attempt)"
                // A link would be a program's.
                guard FileTree.kind(folder) == .folder else { continue }
                let locks = names(folder).filter { $0.hasPrefix("algo-") && $0.hasSuffix(".lock") }
                let swept = locks.filter { sweep(lock: "\(folder)/\($0)") }
                if !swept.isEmpty, rmdir(folder) == 0 { rmdir("\(scratch)/\(job)") }
            }
        }
    }

    private static func sweep(lock path: String) -> Bool {
        // Held: its runner lives, or another one sweeps it.
        guard let lock = try? LockFile(path, conflict: "held") else { return false }
        defer { lock.release() }
        let tree = String(path.dropLast(".lock".count))
        // What cannot be removed now is tried again by the next sweep.
        guard (try? FileSystem.remove(tree, evenLocked: true)) != nil else { return false }
        unlink(tree + ".hosts")
        unlink(path)
        return true
    }

    /// Nothing where there is no such folder, or it is none.
    private static func names(_ folder: String) -> [String] { (try? FileSystem.names(in: folder)) ?? [] }
}
