import APIClient
import Checkpoints
import Diagnostics
import Foundation
import JSON
import JobRequests
import JobSpecs
import SageMakerShapes

/// Where a job's files lie: asked of the cluster for a job name, or told from a folder's path.
enum JobFolders {
    /// A job's files, and what it was trained by.
    struct Job {
        var locations: JobLocations
        /// Entry point of the user's own program; `nil` for a built-in, and where a folder does not tell.
        var program: [String]?
    }

    /// - Parameter job: a job's name, or the path of its folder (`S3OutputPath/JOB`) when it contains a `/`.
    /// - Throws: `.notFound` when there is no such job or folder.
    static func locations(of job: String, endpoint: String?) async throws -> JobLocations {
        try await find(job, endpoint: endpoint).locations
    }

    /// - Parameter job: a job's name, or the path of its folder (`S3OutputPath/JOB`) when it contains a `/`.
    /// - Throws: `.notFound` when there is no such job or folder.
    static func find(_ job: String, endpoint: String?) async throws -> Job {
        if job.contains("/") {
            let folder = URL(fileURLWithPath: job).standardized.path
            guard FileManager.default.fileExists(atPath: folder) else {
                throw LockstepError(.notFound, "there is no folder \(folder) with the files of a job")
            }
            return Job(locations: try StoredJob.locations(of: folder))
        }
        return try await APIClient.with(try APIEndpoint.find(option: endpoint)) { client in
            let description = try await client.describeTrainingJobJSON(job)
            let spec = try JobSpec(description.decode(CreateTrainingJobRequest.self))
            var job = Job(locations: try JobLocations(spec))
            if spec.work.programKind == .algorithm { job.program = spec.work.program?.command }
            return job
        }
    }
}
