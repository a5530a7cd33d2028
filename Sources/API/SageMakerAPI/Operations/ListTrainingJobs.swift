import ClusterTypes
import JobLifecycle
import SageMakerShapes

/// A page of the jobs that pass the request's filters.
enum ListTrainingJobs: APIOperation {
    static let target = "SageMaker.ListTrainingJobs"
    static let shape = RequestShape.listTrainingJobs

    static func run(_ input: JSONValue, _ call: APICall) async throws -> ListTrainingJobsResponse {
        let query = try JobQuery(input)
        let page = query.page(of: try await call.service.jobs())
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
