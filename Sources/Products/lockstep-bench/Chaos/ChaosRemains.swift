import Foundation
import Glibc

/// What a run must not leave behind, beside processes: hot states and MPI's segments in shared memory,
/// session folders, scratch trees of programs, mounts.
struct ChaosRemains {
    /// - Returns: a line for each thing that is left.
    static func find(in cluster: ChaosCluster) -> [String] {
        trees(cluster) + mounts(cluster)
    }

    /// What stands in shared memory and in the folders for temporary files, by its path.
    static func shared() -> Set<String> {
        var found: Set<String> = []
        let own = (NSTemporaryDirectory() as NSString).standardizingPath
        for folder in Set(["/dev/shm", "/tmp", own]) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where isOurs(name) { found.insert(folder + "/" + name) }
        }
        return found
    }

    private static func isOurs(_ name: String) -> Bool {
        ["ompi.", "prte.", "vader_segment", "sm_segment", "openmpi-", "lockstep"].contains {
            name.hasPrefix($0)
        } && !name.hasPrefix("lockstep-chaos-")
    }

    private static func trees(_ cluster: ChaosCluster) -> [String] {
        (ChaosCluster.workers + [ChaosCluster.spare, "keeper"]).flatMap { worker in
            let scratch = "\(cluster.folder)/\(worker)/scratch"
            // The worker's own begin with a dot.
            return ((try? FileManager.default.contentsOfDirectory(atPath: scratch)) ?? [])
                .filter { !$0.hasPrefix(".") }.map { "tree \(worker)/scratch/\($0)" }
        }
    }

    private static func mounts(_ cluster: ChaosCluster) -> [String] {
        let table = FileManager.default.contents(atPath: "/proc/self/mounts") ?? Data()
        return String(decoding: table, as: UTF8.self).split(separator: "\n")
            .filter { $0.contains(cluster.folder + "/") && !$0.contains(" \(cluster.output) ") }
            .map { "mount \($0)" }
    }
}
