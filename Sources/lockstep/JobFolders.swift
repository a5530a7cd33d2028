import APIClient
import Diagnostics
import Foundation
import SageMakerShapes

/// Where a job's files lie: asked of the cluster for a job name, or told from a folder's path.
enum JobFolders {
    /// - Parameter job: a job's name, or the path of its folder (`S3OutputPath/JOB`) when it contains a `/`.
    /// - Throws: `.notFound` when there is no such job or folder.
    static func locations(of job: String, endpoint: String?) async throws -> JobLocations {
        if job.contains("/") {
            let folder = URL(fileURLWithPath: job).standardized.path
            guard FileManager.default.fileExists(atPath: folder) else {
                throw LockstepError(.notFound, "there is no folder \(folder) with the files of a job")
            }
            return JobLocations(jobFolder: folder)
        }
        return try await APIClient.with(try APIEndpoint.find(option: endpoint)) { client in
            let description = try await client.describeTrainingJobJSON(job)
            return try JobLocations(description.decode(CreateTrainingJobRequest.self))
        }
    }
}
