import Diagnostics
import JobSpecs

/// Where the hosts of a gang meet, for `torchrun` and the like.
extension ProgramPlan {
    /// Address of the first host.
    public var masterAddress: String { hosts.first?.address ?? "127.0.0.1" }

    /// A port on it, the same on every host: told by the job's ARN and the attempt, so that jobs that share a
    /// node rarely meet on one.
    public var masterPort: Int {
        // Below the ports that the system hands out by itself.
        20_000 + Int(StableHash.of("\(job.arn)#\(attempt)") % 10_000)
    }
}
