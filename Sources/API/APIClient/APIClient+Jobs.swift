import Diagnostics
import Foundation
public import JSON
public import SageMakerShapes

extension APIClient {
    /// Creates a job; a lost answer is asked for again under the same invocation.
    public func createTrainingJob(_ request: JSONValue) async throws -> CreateTrainingJobResponse {
        let invocationID = UUID().uuidString
        do {
            return try await call("SageMaker.CreateTrainingJob", request, invocationID: invocationID)
        } catch let error as LockstepError where error.code == .network {
            return try await call("SageMaker.CreateTrainingJob", request, invocationID: invocationID)
        }
    }

    /// The whole answer of DescribeTrainingJob.
    ///
    /// - Throws: `LockstepError(.notFound)` naming the job.
    public func describeTrainingJobJSON(_ name: String) async throws -> JSONValue {
        try await naming(name) {
            try await call(
                "SageMaker.DescribeTrainingJob", TrainingJobNameRequest(trainingJobName: name))
        }
    }

    /// DescribeTrainingJob, the members that the coordinator computes.
    public func describeTrainingJob(_ name: String) async throws -> TrainingJobDescription {
        try await naming(name) {
            try await call(
                "SageMaker.DescribeTrainingJob", TrainingJobNameRequest(trainingJobName: name))
        }
    }

    /// Asks a job to commit and leave.
    public func stopTrainingJob(_ name: String) async throws {
        let _: JSONValue = try await naming(name) {
            try await call("SageMaker.StopTrainingJob", TrainingJobNameRequest(trainingJobName: name))
        }
    }

    /// All pages of ListTrainingJobs, `request.maxResults` jobs at most.
    public func listTrainingJobs(
        _ request: ListTrainingJobsRequest
    ) async throws -> [TrainingJobSummary] {
        var request = request
        let limit = request.maxResults ?? .max
        var summaries: [TrainingJobSummary] = []
        repeat {
            request.maxResults = min(100, limit - summaries.count)
            let page: ListTrainingJobsResponse = try await call("SageMaker.ListTrainingJobs", request)
            summaries += page.trainingJobSummaries
            request.nextToken = page.nextToken
        } while request.nextToken != nil && summaries.count < limit
        return summaries
    }

    /// SageMaker does not say what was not found; people want to know.
    private func naming<Answer>(
        _ name: String, _ body: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body()
        } catch let error as LockstepError where error.code == .notFound {
            throw LockstepError(
                .notFound,
                "there is no training job named \(name) at \(endpoint.url): "
                    + "`lockstep jobs list` shows those there are")
        }
    }
}
