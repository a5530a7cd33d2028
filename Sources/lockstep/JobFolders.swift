import APIClient
import Foundation
import SageMakerShapes

/// Where a job's files lie: asked of the cluster for a job name, or told from a folder's path.
enum JobFolders {
    /// - Parameter job: a job's name, or the path of its folder (`S3OutputPath/JOB`) when it contains a `/`.
    static func locations(of job: String, endpoint: String?) async throws -> JobLocations {
        if job.contains("/") {
            return JobLocations(jobFolder: URL(fileURLWithPath: job).standardized.path)
        }
        return try await APIClient.with(try APIEndpoint.find(option: endpoint)) { client in
            let description = try await client.describeTrainingJobJSON(job)
            return try JobLocations(description.decode(CreateTrainingJobRequest.self))
        }
    }
}
