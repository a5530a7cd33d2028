import SageMakerShapes
import Testing

@Suite("Logs")
struct LogTests {
    private static let group: JSONValue = .string(TrainingLogs.group)
    private static let stream = "job/algo-1-1795219459"
    private static let start = 1_795_219_460.0

    /// A job with `count` lines, one a second.
    private static func with(
        lines count: Int, _ body: @Sendable (APIFixture) async throws -> Void
    ) async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            await api.service.addLines(count, toStream: stream, start: start)
            try await body(api)
        }
    }

    private static func read(_ api: APIFixture, _ more: JSONValue) async throws -> APIAnswer {
        var request = more.object ?? [:]
        request["logGroupName"] = group
        request["logStreamName"] = request["logStreamName"] ?? .string(stream)
        return try await api.call("Logs_20140328.GetLogEvents", .object(request))
    }

    private static func messages(_ answer: APIAnswer) -> [String] {
        (answer.json["events"]?.array ?? []).compactMap { $0["message"]?.string }
    }

    private static func lines(_ range: Range<Int>) -> [String] { range.map { "line \($0)" } }

    @Test("read forward to their end, where the page is empty and the token the same")
    func forward() async throws {
        try await Self.with(lines: 5) { api in
            var answer = try await Self.read(api, ["startFromHead": .bool(true), "limit": 3])
            #expect(Self.messages(answer) == Self.lines(0..<3))
            var token = try #require(answer.json["nextForwardToken"])
            answer = try await Self.read(api, ["nextToken": token, "limit": 3])
            #expect(Self.messages(answer) == Self.lines(3..<5))
            token = try #require(answer.json["nextForwardToken"])
            for _ in 0..<2 {
                answer = try await Self.read(api, ["nextToken": token])
                #expect(Self.messages(answer).isEmpty)
                #expect(answer.json["nextForwardToken"] == token)
            }
            await api.service.addLines(2, toStream: Self.stream, start: Self.start)
            answer = try await Self.read(api, ["nextToken": token])
            #expect(Self.messages(answer) == Self.lines(5..<7))
        }
    }

    @Test("read backward from their end to their head")
    func backward() async throws {
        try await Self.with(lines: 5) { api in
            var answer = try await Self.read(api, ["limit": 2])
            #expect(Self.messages(answer) == Self.lines(3..<5))
            var token = try #require(answer.json["nextBackwardToken"])
            answer = try await Self.read(api, ["nextToken": token, "limit": 2])
            #expect(Self.messages(answer) == Self.lines(1..<3))
            token = try #require(answer.json["nextBackwardToken"])
            answer = try await Self.read(api, ["nextToken": token, "limit": 2])
            #expect(Self.messages(answer) == Self.lines(0..<1))
            token = try #require(answer.json["nextBackwardToken"])
            answer = try await Self.read(api, ["nextToken": token, "limit": 2])
            #expect(Self.messages(answer).isEmpty)
            #expect(answer.json["nextBackwardToken"] == token)
        }
    }

    @Test("carry times in milliseconds")
    func times() async throws {
        try await Self.with(lines: 1) { api in
            let answer = try await Self.read(api, .object([:]))
            #expect(
                answer.json["events"]
                    == .array([
                        [
                            "timestamp": 1_795_219_460_000, "message": "line 0",
                            "ingestionTime": 1_795_219_460_000,
                        ]
                    ]))
        }
    }

    struct Window: Sendable {
        let start: Int?
        let end: Int?
        let expected: Range<Int>
    }

    @Test(
        "are cut by time, the start included and the end not",
        arguments: [
            Window(start: 0, end: nil, expected: 0..<9), Window(start: 3000, end: nil, expected: 3..<9),
            Window(start: 3001, end: nil, expected: 4..<9), Window(start: nil, end: 3000, expected: 0..<3),
            Window(start: 2000, end: 5001, expected: 2..<6), Window(start: 9000, end: nil, expected: 9..<9),
            Window(start: 5000, end: 2000, expected: 5..<5),
        ])
    func window(_ window: Window) async throws {
        try await Self.with(lines: 9) { api in
            var request: [String: JSONValue] = ["startFromHead": .bool(true)]
            let base = Int(Self.start) * 1000
            request["startTime"] = window.start.map { .integer(base + $0) }
            request["endTime"] = window.end.map { .integer(base + $0) }
            let answer = try await Self.read(api, .object(request))
            #expect(Self.messages(answer) == Self.lines(window.expected))
            request["nextToken"] = try #require(answer.json["nextForwardToken"])
            let next = try await Self.read(api, .object(request))
            #expect(Self.messages(next).isEmpty)
            #expect(next.json["nextForwardToken"] == request["nextToken"])
        }
    }

    @Test("come a megabyte at a time, and none is lost")
    func largePages() async throws {
        try await Self.with(lines: 50_000) { api in
            var seen: [String] = []
            var request: JSONValue = ["startFromHead": .bool(true)]
            var pageCount = 0
            while true {
                let answer = try await Self.read(api, request)
                let page = Self.messages(answer)
                if page.isEmpty { break }
                seen += page
                pageCount += 1
                request = ["nextToken": try #require(answer.json["nextForwardToken"])]
            }
            #expect(pageCount == 5)
            #expect(seen == Self.lines(0..<50_000))
        }
    }

    @Test("of a job are not found before its first line, of another group never")
    func notFound() async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            let target = "Logs_20140328.DescribeLogStreams"
            for request in [
                ["logGroupName": Self.group, "logStreamNamePrefix": "job/"],
                ["logGroupName": Self.group, "logStreamNamePrefix": "nobody/"],
                ["logGroupName": "/aws/sagemaker/ProcessingJobs"],
            ] as [JSONValue] {
                let answer = try await api.call(target, request)
                #expect(answer.status == 400)
                #expect(answer.errorType == "ResourceNotFoundException")
                #expect(answer.message == "The specified log group does not exist.")
            }
            for name in [Self.stream, "nobody/algo-1-1"] {
                let answer = try await Self.read(api, ["logStreamName": .string(name)])
                #expect(answer.errorType == "ResourceNotFoundException")
                #expect(answer.message == "The specified log stream does not exist.")
            }
        }
    }

    @Test("refuse tokens that no page gave", arguments: ["x", "f/1", "f/-0000000000000000001", "b/zzz"])
    func badTokens(_ token: String) async throws {
        try await Self.with(lines: 1) { api in
            let answer = try await Self.read(api, ["nextToken": .string(token)])
            #expect(answer.errorType == "InvalidParameterException")
            #expect(answer.message == "The specified nextToken is invalid.")
        }
    }

    @Test("have one stream a rank, and a token only when there are more")
    func streams() async throws {
        try await Self.with(lines: 3) { api in
            await api.service.addLines(1, toStream: "job/algo-2-1795219459", start: Self.start)
            let target = "Logs_20140328.DescribeLogStreams"
            let request: JSONValue = ["logGroupName": Self.group, "logStreamNamePrefix": "job/"]
            let all = try await api.call(target, request)
            #expect(all.json["nextToken"] == nil)
            let streams = try #require(all.json["logStreams"]?.array)
            #expect(
                streams.compactMap { $0["logStreamName"]?.string }
                    == [Self.stream, "job/algo-2-1795219459"])
            #expect(streams.first?["lastEventTimestamp"] == 1_795_219_462_000)
            let first = try await api.call(target, request.with("limit", 1))
            let token = try #require(first.json["nextToken"])
            let second = try await api.call(target, request.with("limit", 1).with("nextToken", token))
            #expect(second.json["logStreams"]?.array?.first?["logStreamName"] == "job/algo-2-1795219459")
            #expect(second.json["nextToken"] == nil)
        }
    }

    @Test("of several streams merge in order of time, page by page")
    func filtered() async throws {
        try await Self.with(lines: 4) { api in
            await api.service.addLines(4, toStream: "job/algo-2-1795219459", start: Self.start + 0.5)
            let target = "Logs_20140328.FilterLogEvents"
            var request: JSONValue = [
                "logGroupName": Self.group, "logStreamNamePrefix": "job/", "limit": 3,
            ]
            var events: [JSONValue] = []
            while true {
                let answer = try await api.call(target, request)
                try #require(answer.status == 200)
                events += answer.json["events"]?.array ?? []
                guard let token = answer.json["nextToken"] else { break }
                request = request.with("nextToken", token)
            }
            #expect(
                events.compactMap { $0["message"]?.string } == (0..<4).flatMap { ["line \($0)", "line \($0)"] })
            let times = events.compactMap { $0["timestamp"]?.real }
            #expect(times == times.sorted())
            #expect(Set(events.compactMap { $0["eventId"]?.string }).count == 8)
            let one = try await api.call(
                target, ["logGroupName": Self.group, "filterPattern": "\"line 2\""])
            #expect(one.json["events"]?.array?.count == 2)
            let bad = try await api.call(target, ["logGroupName": Self.group, "filterPattern": "{ $.x = 1 }"])
            #expect(bad.errorType == "InvalidParameterException")
        }
    }
}
