import ServiceModels
import ClusterTypes
import Diagnostics
import JobLifecycle
import SageMakerShapes

/// A page of one stream, forwards or backwards.
struct GetLogEvents: TypedHandler {
    let service = ServiceName.logs
    let operation = "GetLogEvents"
    let jobs: any JobService
    /// As in CloudWatch Logs: at most this many bytes of text a page, but at least one line.
    private static let pageLimitBytes = 1 << 20

    func answer(_ input: GetLogEventsRequest, _ call: APICall) async throws -> GetLogEventsResponse {
        try LogReader.checkGroup(input.logGroupName, input.logGroupIdentifier)
        let stream = input.logStreamName
        try await checkStream(stream)
        let range = try await LogReader(service: jobs).range(
            ofStream: stream, startTime: input.startTime, endTime: input.endTime)
        var page = try LogPage(
            first: range.first, end: range.end, token: input.nextToken, limit: input.limit ?? 10_000,
            startsFromHead: input.startFromHead ?? false)
        var lines = try await jobs.logLines(
            stream: stream, from: page.lines.lowerBound, limit: page.lines.count)
        let readsBack = input.nextToken.map { $0.hasPrefix("b/") } ?? !(input.startFromHead ?? false)
        let kept = Self.fitting(readsBack ? lines.reversed() : lines)
        if readsBack {
            page = LogPage(lines: (page.lines.lowerBound + lines.count - kept)..<page.lines.upperBound)
            lines = Array(lines.suffix(kept))
        } else {
            page = LogPage(lines: page.lines.lowerBound..<(page.lines.lowerBound + kept))
            lines = Array(lines.prefix(kept))
        }
        return GetLogEventsResponse(
            events: lines.map(LogEvent.init), nextForwardToken: page.forwardToken,
            nextBackwardToken: page.backwardToken)
    }

    private func checkStream(_ stream: String) async throws {
        let missing = APIFault.logsNotFound("The specified log stream does not exist.")
        do {
            let streams = try await jobs.logStreams(JobName(LogReader.jobName(ofStream: stream)))
            guard streams.contains(where: { $0.name == stream }) else { throw missing }
        } catch let error as LockstepError where error.code == .notFound {
            throw missing
        }
    }

    /// How many of the lines fit on a page.
    private static func fitting(_ lines: [LogLine]) -> Int {
        var bytes = 0
        for (index, line) in lines.enumerated() {
            bytes += line.text.utf8.count + 26
            if bytes > pageLimitBytes { return max(1, index) }
        }
        return lines.count
    }
}

extension LogEvent {
    init(_ line: LogLine) {
        let time = LogReader.milliseconds(line.time)
        self.init(timestamp: time, message: line.text, ingestionTime: time)
    }
}
