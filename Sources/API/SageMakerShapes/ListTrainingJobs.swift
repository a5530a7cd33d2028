/// SageMaker's ListTrainingJobs request.
public struct ListTrainingJobsRequest: Codable, Sendable, Equatable {
    public var nextToken: String?
    public var maxResults: Int?
    public var nameContains: String?
    public var statusEquals: String?
    public var sortBy: String?
    public var sortOrder: String?
    public init() {}
    enum CodingKeys: String, CodingKey {
        case nextToken = "NextToken"
        case maxResults = "MaxResults"
        case nameContains = "NameContains"
        case statusEquals = "StatusEquals"
        case sortBy = "SortBy"
        case sortOrder = "SortOrder"
    }
}

/// A page of ListTrainingJobs; `nextToken` is absent on the last.
public struct ListTrainingJobsResponse: Codable, Sendable, Equatable {
    public var trainingJobSummaries: [TrainingJobSummary]
    public var nextToken: String?
    public init(trainingJobSummaries: [TrainingJobSummary], nextToken: String?) {
        self.trainingJobSummaries = trainingJobSummaries
        self.nextToken = nextToken
    }
    enum CodingKeys: String, CodingKey {
        case trainingJobSummaries = "TrainingJobSummaries"
        case nextToken = "NextToken"
    }
}

/// A job in a list. Times are seconds since 1970.
public struct TrainingJobSummary: Codable, Sendable, Equatable {
    public var trainingJobName: String
    public var trainingJobArn: String
    public var creationTime: Double
    public var trainingEndTime: Double?
    public var lastModifiedTime: Double
    public var trainingJobStatus: String
    public var secondaryStatus: String
    public init(
        trainingJobName: String, trainingJobArn: String, creationTime: Double,
        trainingEndTime: Double?, lastModifiedTime: Double, trainingJobStatus: String,
        secondaryStatus: String
    ) {
        self.trainingJobName = trainingJobName
        self.trainingJobArn = trainingJobArn
        self.creationTime = creationTime
        self.trainingEndTime = trainingEndTime
        self.lastModifiedTime = lastModifiedTime
        self.trainingJobStatus = trainingJobStatus
        self.secondaryStatus = secondaryStatus
    }
    enum CodingKeys: String, CodingKey {
        case trainingJobName = "TrainingJobName"
        case trainingJobArn = "TrainingJobArn"
        case creationTime = "CreationTime"
        case trainingEndTime = "TrainingEndTime"
        case lastModifiedTime = "LastModifiedTime"
        case trainingJobStatus = "TrainingJobStatus"
        case secondaryStatus = "SecondaryStatus"
    }
}

/// A request that names one job: DescribeTrainingJob, StopTrainingJob.
public struct TrainingJobNameRequest: Codable, Sendable, Equatable {
    public var trainingJobName: String
    public init(trainingJobName: String) { self.trainingJobName = trainingJobName }
    enum CodingKeys: String, CodingKey { case trainingJobName = "TrainingJobName" }
}

/// CreateTrainingJob's answer.
public struct CreateTrainingJobResponse: Codable, Sendable, Equatable {
    public var trainingJobArn: String
    public init(trainingJobArn: String) { self.trainingJobArn = trainingJobArn }
    enum CodingKeys: String, CodingKey { case trainingJobArn = "TrainingJobArn" }
}
