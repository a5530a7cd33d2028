import Diagnostics
import SageMakerShapes

/// Where a job's files lie: asked of the cluster for a job name, or told from a folder's path.
enum JobFolders {
    /// - Parameter job: a job's name, or the path of its folder (`S3OutputPath/JOB`) when it contains a `/`.
    static func locations(of job: String, endpoint: String?) async throws -> JobLocations {
        throw LockstepError(.bug, "placeholder")
    }
}
