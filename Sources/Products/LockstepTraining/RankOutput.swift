import CProcess
import ClusterTypes
import Diagnostics
import Foundation

/// Keeps what a rank's user code prints apart from what the platform reports to the supervisor.
enum RankOutput {
    /// The number that each Open MPI gives a rank.
    private static let ranks = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK"]

    /// Call it first, before there are threads. Nothing happens where no supervisor listens.
    static func separate() {
        let environment = ProcessInfo.processInfo.environment
        guard environment[AttemptFiles.variable] != nil, ranks.contains(where: { environment[$0] != nil })
        else {
            return
        }
        let descriptor = cprocess_relay_output()
        SupervisorReport.open(descriptor >= 0 ? descriptor : 2)
    }
}
