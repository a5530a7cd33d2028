import ClusterTypes
import JSON
import JobLifecycle
import SageMakerShapes
import Testing

@Suite("CloudWatch Logs")
struct LogsTests {
    private static let group = "/aws/sagemaker/TrainingJobs"
    private static let start = 1_795_219_459.5
    private static let startMilliseconds = 1_795_219_459_500
    private static func stream(_ rank: Int) -> String { "job/algo-\(rank)-1795219459" }

    /// An API with a job of two ranks, each of which has printed `count` lines, one a second.
    private func withLines(
        _ count: Int, _ body: @escaping @Sendable (APIFixture) async throws -> Void
    ) async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            for rank in [1, 2] {
                await api.service.addLines(count, toStream: Self.stream(rank), start: Self.start)
            }
            try await body(api)
        }
    }

    private static func logs(
        _ api: APIFixture, _ operation: String, _ members: [String: JSONValue]
    ) async throws -> APIAnswer {
        var request = members
        request["logGroupName"] = request["logGroupName"] ?? .string(group)
        return try await api.call("Logs_20140328." + operation, .object(request))
    }

    private static func messages(_ answer: APIAnswer) -> [String] {
        (answer.json["events"]?.array ?? []).compactMap { $0["message"]?.string }
    }

    private static func lines(_ numbers: Range<Int>) -> [String] { numbers.map { "line \($0)" } }

    @Test("there is no group before the first line, as for an unknown job", arguments: ["job", "none"])
    func beforeFirstLine(_ job: String) async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            let streams = try await Self.logs(
                api, "DescribeLogStreams", ["logStreamNamePrefix": .string(job + "/")])
            #expect(streams.status == 400)
            #expect(streams.errorType == "ResourceNotFoundException")
            #expect(streams.message == "The specified log group does not exist.")
            let events = try await Self.logs(
                api, "GetLogEvents", ["logStreamName": .string(job + "/algo-1-1795219459")])
            #expect(events.errorType == "ResourceNotFoundException")
            #expect(events.message == "The specified log stream does not exist.")
        }
    }

    @Test("a job has one stream a rank and no token unless there are more")
    func streams() async throws {
        try await withLines(3) { api in
            let all = try await Self.logs(
                api, "DescribeLogStreams",
                [
                    "logStreamNamePrefix": "job/", "orderBy": "LogStreamName", "limit": .integer(2),
                ])
            #expect(all.json["nextToken"] == nil)
            let first = all.json["logStreams"]?.array?.first
            #expect(first?["logStreamName"] == .string(Self.stream(1)))
            #expect(first?["firstEventTimestamp"] == .integer(Self.startMilliseconds))
            #expect(first?["lastEventTimestamp"] == .integer(Self.startMilliseconds + 2000))
            // No stream is younger than its first event.
            #expect(first?["creationTime"] == .integer(Self.startMilliseconds))
            #expect(first?["storedBytes"] == .integer(0))
            #expect(
                first?["arn"]?.string
                    == "arn:aws:logs:eu-west-1:000000000000:log-group:\(Self.group):log-stream:"
                    + Self.stream(1))
            let one = try await Self.logs(api, "DescribeLogStreams", ["limit": .integer(1)])
            let token = try #require(one.json["nextToken"])
            let two = try await Self.logs(
                api, "DescribeLogStreams", ["limit": .integer(1), "nextToken": token])
            #expect(two.json["nextToken"] == nil)
            #expect(two.json["logStreams"]?.array?.first?["logStreamName"] == .string(Self.stream(2)))
        }
    }

    @Test("reads forwards to an empty page whose token stays the same, and on when there is more")
    func forwards() async throws {
        try await withLines(5) { api in
            var token: JSONValue?
            var seen: [String] = []
            for expected in [2, 2, 1, 0, 0] {
                let page = try await Self.logs(
                    api, "GetLogEvents",
                    [
                        "logStreamName": .string(Self.stream(1)), "limit": .integer(2),
                        "startFromHead": .bool(true), "nextToken": token ?? .null,
                    ])
                #expect(Self.messages(page).count == expected)
                if expected == 0 { #expect(page.json["nextForwardToken"] == token) }
                token = page.json["nextForwardToken"]
                seen += Self.messages(page)
            }
            #expect(seen == Self.lines(0..<5))
            await api.service.addLines(1, toStream: Self.stream(1), start: Self.start)
            let more = try await Self.logs(
                api, "GetLogEvents",
                ["logStreamName": .string(Self.stream(1)), "nextToken": token ?? .null])
            #expect(Self.messages(more) == ["line 5"])
        }
    }

    @Test("begins with the newest lines and reads back from them")
    func backwards() async throws {
        try await withLines(5) { api in
            var token: JSONValue?
            for expected in [3..<5, 1..<3, 0..<1, 0..<0] {
                let page = try await Self.logs(
                    api, "GetLogEvents",
                    [
                        "logStreamName": .string(Self.stream(1)), "limit": .integer(2),
                        "nextToken": token ?? .null,
                    ])
                #expect(Self.messages(page) == Self.lines(expected))
                if expected.isEmpty { #expect(page.json["nextBackwardToken"] == token) }
                token = page.json["nextBackwardToken"]
            }
        }
    }

    @Test("reads from startTime up to, but without, endTime")
    func times() async throws {
        try await withLines(5) { api in
            for (first, end, expected) in [(1000, 3000, 1..<3), (1001, 3001, 2..<4), (9000, 9001, 0..<0)] {
                let page = try await Self.logs(
                    api, "GetLogEvents",
                    [
                        "logStreamName": .string(Self.stream(1)), "startFromHead": .bool(true),
                        "startTime": .integer(Self.startMilliseconds + first),
                        "endTime": .integer(Self.startMilliseconds + end),
                    ])
                #expect(Self.messages(page) == Self.lines(expected))
            }
        }
    }

    @Test("an event has its time in milliseconds")
    func event() async throws {
        try await withLines(1) { api in
            let page = try await Self.logs(
                api, "GetLogEvents", ["logStreamName": .string(Self.stream(1))])
            #expect(
                page.json["events"]?.array == [
                    .object([
                        "timestamp": .integer(Self.startMilliseconds), "message": "line 0",
                        "ingestionTime": .integer(Self.startMilliseconds),
                    ])
                ])
        }
    }

    @Test("merges streams in order of time, page by page")
    func filter() async throws {
        try await withLines(4) { api in
            var seen: [String] = []
            var token: JSONValue?
            repeat {
                let page = try await Self.logs(
                    api, "FilterLogEvents",
                    [
                        "logStreamNamePrefix": "job/", "limit": .integer(3), "nextToken": token ?? .null,
                    ])
                #expect(page.status == 200)
                seen += Self.messages(page)
                token = page.json["nextToken"]
            } while token != nil && seen.count < 20
            #expect(seen == (0..<4).flatMap { ["line \($0)", "line \($0)"] })
        }
    }

    @Test(
        "finds lines by words and phrases",
        arguments: [("line", 4), ("\"line 2\"", 1), ("3 line", 1), ("\"2 line\"", 0), ("", 4)])
    func pattern(_ pattern: String, _ count: Int) async throws {
        try await withLines(4) { api in
            let page = try await Self.logs(
                api, "FilterLogEvents",
                [
                    "logStreamNames": .array([.string(Self.stream(2))]), "filterPattern": .string(pattern),
                ])
            #expect(Self.messages(page).count == count)
        }
    }

    @Test(
        "refuses what it cannot read, with the names of CloudWatch Logs",
        arguments: [
            (
                "GetLogEvents", "nextToken", "f/12", "InvalidParameterException",
                "The specified nextToken is invalid."
            ),
            (
                "DescribeLogStreams", "nextToken", "nonsense", "InvalidParameterException",
                "The specified nextToken is invalid."
            ),
            (
                "FilterLogEvents", "filterPattern", "{ $.a = 1 }", "InvalidParameterException",
                "Invalid filter pattern: only words and quoted phrases are offered"
            ),
            (
                "GetLogEvents", "logGroupName", "/aws/lambda/f", "ResourceNotFoundException",
                "The specified log group does not exist."
            ),
            (
                "DescribeLogStreams", "orderBy", "Size", "InvalidParameterException",
                "1 validation error detected: Value 'Size' at 'orderBy' failed to satisfy constraint: "
                    + "Member must satisfy enum value set: [LogStreamName, LastEventTime]"
            ),
        ])
    func refuses(
        _ operation: String, _ member: String, _ value: String, _ type: String, _ message: String
    ) async throws {
        try await withLines(1) { api in
            var request: [String: JSONValue] = [member: .string(value)]
            if operation == "GetLogEvents" { request["logStreamName"] = .string(Self.stream(1)) }
            let answer = try await Self.logs(api, operation, request)
            #expect(answer.status == 400)
            #expect(answer.errorType == type)
            #expect(answer.message == message)
        }
    }
}
