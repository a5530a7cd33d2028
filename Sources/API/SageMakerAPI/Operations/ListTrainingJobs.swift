import ClusterTypes
import JSON
import JobLifecycle
import SageMakerShapes
import ServiceModels

/// A page of the jobs that pass the request's filters.
struct ListTrainingJobs: TypedHandler {
    let service = ServiceName.sagemaker
    let operation = "ListTrainingJobs"
    let jobs: any JobService

    func answer(_ input: JSONValue, _ call: APICall) async throws -> ListTrainingJobsResponse {
        let query = try JobQuery(input)
        let page = query.page(of: try await jobs.jobs())
        return ListTrainingJobsResponse(
            trainingJobSummaries: page.jobs.map(TrainingJobSummary.init), nextToken: page.nextToken)
    }
}

extension TrainingJobSummary {
    init(_ record: JobRecord) {
        self.init(
            trainingJobName: record.name.rawValue, trainingJobArn: record.arn,
            creationTime: record.creationTime, trainingEndTime: record.trainingEndTime,
            lastModifiedTime: record.lastModifiedTime, trainingJobStatus: record.status.rawValue,
            secondaryStatus: record.secondaryStatus.rawValue)
    }
}
