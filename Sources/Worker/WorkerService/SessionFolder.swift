package import ClusterTypes
import ControlChannel
import Foundation
import Glibc
import Processes

/// Where Open MPI keeps an attempt's files on a node: its session folders and the memory that ranks of a node
/// share. A folder of each attempt's own, removed with it: Open MPI, when it is killed, leaves them behind.
package struct SessionFolder: Sendable {
    package let path: String

    /// Memory file systems first: ranks talk through these files.
    private static let roots = ["/dev/shm", "/tmp"]
    private static let prefix = "lockstep-mpi-"

    /// - Parameter cluster: tells clusters on one machine apart.
    package init(_ attempt: AttemptID, cluster: String) {
        let root = Self.roots.first { access($0, W_OK | X_OK) == 0 } ?? "/tmp"
        path = "\(root)/\(Self.prefix)\(cluster)-\(attempt.job)-\(attempt.number)"
    }

    init(_ plan: LaunchPlan) {
        // A gang that reaches no other node does without the token.
        let token = try? ControlToken(file: plan.tokenFile)
        self.init(plan.attempt, cluster: token?.clusterTag ?? "none")
    }

    /// Makes it, for this process's user alone, or for a job's.
    ///
    /// - Returns: whether it can be used.
    func create(for user: JobUser?) -> Bool {
        if let user { return (try? user.makeRoom(path)) != nil }
        mkdir(path, 0o700)
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            && information.st_uid == geteuid()
    }

    func remove() {
        // What is not there need not be removed.
        try? FileManager.default.removeItem(atPath: path)
    }
}
