import JSON

/// Names that CloudWatch Logs gives to what training jobs print.
public enum TrainingLogs {
    /// The one log group of a cluster; its streams are `JOB/algo-N-EPOCHSECONDS`.
    public static let group = "/aws/sagemaker/TrainingJobs"
}

/// CloudWatch Logs' DescribeLogStreams request.
public struct DescribeLogStreamsRequest: Codable, Sendable, Equatable {
    public var logGroupName: String?
    public var logGroupIdentifier: String?
    public var logStreamNamePrefix: String?
    public var orderBy: String?
    public var descending: Bool?
    public var nextToken: String?
    public var limit: Int?
    public init() {}
}

/// A page of log streams.
public struct DescribeLogStreamsResponse: Codable, Sendable, Equatable {
    public var logStreams: [LogStream]
    public var nextToken: String?
    public init(logStreams: [LogStream], nextToken: String?) {
        self.logStreams = logStreams
        self.nextToken = nextToken
    }
}

/// One stream: what one rank of a job prints. Times are milliseconds since 1970.
public struct LogStream: Codable, Sendable, Equatable {
    public var logStreamName: String
    public var arn: String
    public var creationTime: Int
    public var firstEventTimestamp: Int?
    public var lastEventTimestamp: Int?
    public var lastIngestionTime: Int?
    /// Nothing, as CloudWatch Logs has it for streams.
    public var storedBytes = 0
    public init(logStreamName: String, arn: String, creationTime: Int) {
        self.logStreamName = logStreamName
        self.arn = arn
        self.creationTime = creationTime
    }
}

/// CloudWatch Logs' GetLogEvents request. Times are milliseconds since 1970.
public struct GetLogEventsRequest: Codable, Sendable, Equatable {
    public var logGroupName: String?
    public var logGroupIdentifier: String?
    public var logStreamName: String
    public var startTime: Int?
    public var endTime: Int?
    public var nextToken: String?
    public var limit: Int?
    public var startFromHead: Bool?
    public init(logStreamName: String) { self.logStreamName = logStreamName }
}

/// A page of a stream. Reading again from `nextForwardToken` at the stream's end gives an empty page
/// with the same token.
public struct GetLogEventsResponse: Codable, Sendable, Equatable {
    public var events: [LogEvent]
    public var nextForwardToken: String
    public var nextBackwardToken: String
    public init(events: [LogEvent], nextForwardToken: String, nextBackwardToken: String) {
        self.events = events
        self.nextForwardToken = nextForwardToken
        self.nextBackwardToken = nextBackwardToken
    }
}

/// One line. Times are milliseconds since 1970.
public struct LogEvent: Codable, Sendable, Equatable {
    public var timestamp: Int
    public var message: String
    public var ingestionTime: Int
    public init(timestamp: Int, message: String, ingestionTime: Int) {
        self.timestamp = timestamp
        self.message = message
        self.ingestionTime = ingestionTime
    }
}

/// CloudWatch Logs' FilterLogEvents request. Times are milliseconds since 1970.
public struct FilterLogEventsRequest: Codable, Sendable, Equatable {
    public var logGroupName: String?
    public var logGroupIdentifier: String?
    public var logStreamNames: [String]?
    public var logStreamNamePrefix: String?
    public var startTime: Int?
    public var endTime: Int?
    public var filterPattern: String?
    public var nextToken: String?
    public var limit: Int?
    public init() {}
}

/// A page of the lines of several streams, in order of time.
public struct FilterLogEventsResponse: Codable, Sendable, Equatable {
    public var events: [FilteredLogEvent]
    public var searchedLogStreams: [String]
    public var nextToken: String?
    public init(events: [FilteredLogEvent], nextToken: String?) {
        self.events = events
        self.searchedLogStreams = []
        self.nextToken = nextToken
    }
}

/// A line with the stream it is from. Times are milliseconds since 1970.
public struct FilteredLogEvent: Codable, Sendable, Equatable {
    public var logStreamName: String
    public var timestamp: Int
    public var message: String
    public var ingestionTime: Int
    public var eventId: String
    public init(logStreamName: String, timestamp: Int, message: String, eventId: String) {
        self.logStreamName = logStreamName
        self.timestamp = timestamp
        self.message = message
        self.ingestionTime = timestamp
        self.eventId = eventId
    }
}
