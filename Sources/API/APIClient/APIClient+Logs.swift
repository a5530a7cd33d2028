import Diagnostics
public import SageMakerShapes

extension APIClient {
    /// Streams of a job, one a rank; the empty list before its first attempt.
    public func logStreams(job: String) async throws -> [LogStream] {
        var request = DescribeLogStreamsRequest()
        request.logGroupName = TrainingLogs.group
        request.logStreamNamePrefix = job + "/"
        var streams: [LogStream] = []
        do {
            repeat {
                let page: DescribeLogStreamsResponse = try await call(
                    "Logs_20140328.DescribeLogStreams", request)
                streams += page.logStreams
                request.nextToken = page.nextToken
            } while request.nextToken != nil
        } catch let error as LockstepError where error.code == .notFound {
            return []
        }
        return streams
    }

    /// Lines of a stream from a token on, or from its head; at its end an empty page with the same token.
    public func logEvents(stream: String, from token: String?) async throws -> GetLogEventsResponse {
        var request = GetLogEventsRequest(logStreamName: stream)
        request.logGroupName = TrainingLogs.group
        request.startFromHead = true
        request.nextToken = token
        return try await call("Logs_20140328.GetLogEvents", request)
    }
}
