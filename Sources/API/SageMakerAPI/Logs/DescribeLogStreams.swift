import ServiceModels
import ClusterTypes
import Diagnostics
import FoundationEssentials
import JobLifecycle
import SageMakerShapes

/// The streams of a job, one a rank; of all jobs where the prefix names none.
struct DescribeLogStreams: TypedHandler {
    let service = ServiceName.logs
    let operation = "DescribeLogStreams"
    let jobs: any JobService

    func answer(
        _ input: DescribeLogStreamsRequest, _ call: APICall
    ) async throws -> DescribeLogStreamsResponse {
        try LogReader.checkGroup(input.logGroupName, input.logGroupIdentifier)
        let sortsByTime = input.orderBy == "LastEventTime"
        if sortsByTime, input.logStreamNamePrefix != nil {
            throw APIFault.invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
        }
        var streams = try await LogReader(service: jobs).streams(
            prefix: input.logStreamNamePrefix ?? "")
        if streams.isEmpty { throw APIFault.logsNotFound("The specified log group does not exist.") }
        streams.sort {
            sortsByTime
                ? ($0.lastEventTime ?? 0, $0.name) < ($1.lastEventTime ?? 0, $1.name)
                : $0.name < $1.name
        }
        if input.descending ?? false { streams.reverse() }
        return try page(of: streams, input, call)
    }

    /// Tokens name the last stream of a page.
    private func page(
        of streams: [LogStreamRecord], _ input: DescribeLogStreamsRequest, _ call: APICall
    ) throws -> DescribeLogStreamsResponse {
        var rest = streams[...]
        if let token = input.nextToken {
            let name = Data(base64Encoded: token).map { String(decoding: $0, as: UTF8.self) }
            guard let index = streams.firstIndex(where: { $0.name == name }) else {
                throw APIFault.invalidParameter("The specified nextToken is invalid.")
            }
            rest = streams[(index + 1)...]
        }
        let page = rest.prefix(input.limit ?? 50)
        let hasMore = page.count < rest.count
        return DescribeLogStreamsResponse(
            logStreams: page.map { LogStream($0, arn: call.logStreamArn($0.name)) },
            nextToken: hasMore ? page.last.map { Data($0.name.utf8).base64EncodedString() } : nil)
    }
}

extension LogReader {
    /// Streams whose name begins with `prefix`; of one job when the prefix names it whole (`JOB/…`).
    func streams(prefix: String) async throws -> [LogStreamRecord] {
        if prefix.contains("/") {
            do {
                let job = JobName(Self.jobName(ofStream: prefix))
                return try await service.logStreams(job).filter { $0.name.hasPrefix(prefix) }
            } catch let error as LockstepError where error.code == .notFound {
                return []
            }
        }
        var streams: [LogStreamRecord] = []
        for job in try await service.jobs() where job.name.rawValue.hasPrefix(prefix) {
            streams += try await service.logStreams(job.name)
        }
        return streams
    }
}

extension LogStream {
    init(_ record: LogStreamRecord, arn: String) {
        self.init(
            logStreamName: record.name, arn: arn,
            // The coordinator hears of a stream after its first line was written.
            creationTime: LogReader.milliseconds(
                min(record.creationTime, record.firstEventTime ?? record.creationTime)))
        firstEventTimestamp = record.firstEventTime.map(LogReader.milliseconds)
        lastEventTimestamp = record.lastEventTime.map(LogReader.milliseconds)
        lastIngestionTime = lastEventTimestamp
    }
}
