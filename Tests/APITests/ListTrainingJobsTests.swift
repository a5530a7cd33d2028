import ClusterTypes
import Diagnostics
import JSON
import JobLifecycle
import SageMakerShapes
import Testing

@Suite("ListTrainingJobs and StopTrainingJob")
struct ListTrainingJobsTests {
    private static let target = "SageMaker.ListTrainingJobs"

    /// Five jobs, one a hundred seconds, of which the first is completed and the second failed; two
    /// were created at the same moment.
    private static func fill(_ service: FakeJobService) async {
        let jobs: [(name: String, time: Double, status: JobStatus)] = [
            ("digits-1", 100, .completed), ("cars-1", 200, .failed), ("digits-2", 300, .inProgress),
            ("cars-3", 400, .inProgress), ("cars-2", 400, .stopping),
        ]
        for job in jobs {
            var record = JobRecord(
                name: JobName(job.name), requestJSON: "{}", arn: "arn:" + job.name,
                modelArtifact: "file:///m", slotCount: 1, creationTime: job.time)
            record.status = job.status
            record.lastModifiedTime = job.time + 50
            await service.add(record)
        }
    }

    /// A query and the jobs it gives, in order.
    struct Query: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let request: [String: JSONValue]
        let names: [String]
        init(_ name: String, _ request: [String: JSONValue], _ names: [String]) {
            testDescription = name
            self.request = request
            self.names = names
        }
    }

    private static let byTime = ["digits-1", "cars-1", "digits-2", "cars-2", "cars-3"]
    static let queries = [
        Query("no filter: oldest first, by name where times are equal", [:], byTime),
        Query("newest first", ["SortOrder": "Descending"], byTime.reversed()),
        Query("by name", ["SortBy": "Name"], byTime.sorted()),
        Query(
            "by name, backwards", ["SortBy": "Name", "SortOrder": "Descending"],
            byTime.sorted().reversed()),
        Query(
            "by status", ["SortBy": "Status"], ["digits-1", "cars-1", "cars-3", "digits-2", "cars-2"]),
        Query("part of the name", ["NameContains": "cars"], ["cars-1", "cars-2", "cars-3"]),
        Query("status", ["StatusEquals": "InProgress"], ["digits-2", "cars-3"]),
        Query(
            "status and name", ["StatusEquals": "InProgress", "NameContains": "cars"], ["cars-3"]),
        Query("created after", ["CreationTimeAfter": .integer(200)], ["digits-2", "cars-2", "cars-3"]),
        Query("created before", ["CreationTimeBefore": .number(200.5)], ["digits-1", "cars-1"]),
        Query("changed after", ["LastModifiedTimeAfter": .integer(400)], ["cars-2", "cars-3"]),
        Query(
            "changed before, in ISO 8601", ["LastModifiedTimeBefore": "1970-01-01T00:04:11Z"],
            ["digits-1", "cars-1"]),
        Query("warm pools, of which there are none", ["WarmPoolStatusEquals": "InUse"], []),
        Query("a null filter, which is none", ["StatusEquals": .null], byTime),
    ]

    @Test("filters and sorts", arguments: queries)
    func lists(_ query: Query) async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service)
            let answer = try await api.call(Self.target, .object(query.request))
            #expect(answer.status == 200)
            #expect(Self.names(answer) == query.names)
            #expect(answer.json["NextToken"] == nil)
        }
    }

    @Test("pages give every job once, in order", arguments: queries, [1, 2, 3])
    func pages(_ query: Query, _ size: Int) async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service)
            var names: [String] = []
            var token: JSONValue?
            repeat {
                var request = query.request
                request["MaxResults"] = .integer(size)
                request["NextToken"] = token
                let answer = try await api.call(Self.target, .object(request))
                #expect(answer.status == 200)
                let page = Self.names(answer)
                token = answer.json["NextToken"]
                #expect(token == nil ? page.count <= size : page.count == size)
                names += page
            } while token != nil && names.count <= 5
            #expect(names == query.names)
        }
    }

    @Test("a page holds ten jobs when nothing is said")
    func defaultPageSize() async throws {
        try await APIFixture.with { api in
            for number in 10..<21 {
                _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job-\(number)"))
            }
            let answer = try await api.call(Self.target, .object([:]))
            #expect(Self.names(answer).count == 10)
            #expect(answer.json["NextToken"] != nil)
        }
    }

    @Test("jobs that come or go between pages neither repeat nor hide others")
    func changesBetweenPages() async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service)
            var query: [String: JSONValue] = [
                "MaxResults": .integer(1), "SortOrder": "Descending", "StatusEquals": "InProgress",
            ]
            let first = try await api.call(Self.target, .object(query))
            #expect(Self.names(first) == ["cars-3"])
            try await api.service.change("cars-3") { $0.status = .completed }
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("newest"))
            let token = try #require(first.json["NextToken"])
            query["NextToken"] = token
            let rest = try await api.call(Self.target, .object(query))
            #expect(Self.names(rest) == ["digits-2"])
        }
    }

    @Test("refuses tokens that no page of this query gave")
    func badToken() async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service)
            let page = try await api.call(Self.target, .object(["MaxResults": .integer(1)]))
            let token = try #require(page.json["NextToken"])
            let requests: [[String: JSONValue]] = [
                ["NextToken": "nonsense"], ["NextToken": "bm9uc2Vuc2U="], ["NextToken": ""],
                ["NextToken": token, "SortBy": "Name"], ["NextToken": token, "StatusEquals": "Failed"],
            ]
            for request in requests {
                let answer = try await api.call(Self.target, .object(request))
                #expect(answer.status == 400)
                #expect(answer.errorType == "ValidationException")
                #expect(
                    answer.message
                        == "Invalid NextToken: it is not of an earlier page of the same "
                        + "ListTrainingJobs call")
            }
        }
    }

    @Test("refuses values that SageMaker refuses")
    func limits() async throws {
        try await APIFixture.with { api in
            let prefix = "1 validation error detected: Value "
            let cases: [(String, JSONValue, String)] = [
                (
                    "StatusEquals", "blah",
                    "'blah' at 'statusEquals' failed to satisfy constraint: Member must satisfy enum value "
                        + "set: [InProgress, Completed, Failed, Stopping, Stopped, Deleting]"
                ),
                (
                    "MaxResults", .integer(101),
                    "'101' at 'maxResults' failed to satisfy constraint: Member must have value less than "
                        + "or equal to 100"
                ),
                (
                    "MaxResults", .integer(0),
                    "'0' at 'maxResults' failed to satisfy constraint: Member must have value greater than "
                        + "or equal to 1"
                ),
            ]
            for (member, value, message) in cases {
                let answer = try await api.call(Self.target, .object([member: value]))
                #expect(answer.errorType == "ValidationException")
                #expect(answer.message == prefix + message)
            }
            let answer = try await api.call(Self.target, .object(["CreationTimeAfter": "yesterday"]))
            #expect(answer.errorType == "SerializationException")
        }
    }

    @Test("a summary has what SageMaker's has")
    func summary() async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            try await api.service.complete("job")
            let record = try await api.service.job(JobName("job"))
            let answer = try await api.call(Self.target, .object([:]))
            #expect(
                answer.json["TrainingJobSummaries"]?.array == [
                    .object([
                        "TrainingJobName": "job", "TrainingJobArn": .string(record.arn),
                        "CreationTime": .number(record.creationTime),
                        "TrainingEndTime": .number(record.creationTime + 12.25),
                        "LastModifiedTime": .number(record.creationTime + 12.25),
                        "TrainingJobStatus": "Completed", "SecondaryStatus": "Completed",
                    ])
                ])
        }
    }

    @Test("stops a running job and answers with an empty object")
    func stop() async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            let answer = try await api.call("SageMaker.StopTrainingJob", Requests.named("job"))
            #expect(answer.status == 200)
            #expect(answer.json == .object([:]))
            let job = try await api.call("SageMaker.DescribeTrainingJob", Requests.named("job")).json
            #expect(job["TrainingJobStatus"] == "Stopping")
        }
    }

    @Test("does not stop a job that is over", arguments: [JobStatus.completed, .failed, .stopped])
    func stopTooLate(_ status: JobStatus) async throws {
        try await APIFixture.with { api in
            _ = try await api.call("SageMaker.CreateTrainingJob", Requests.create("job"))
            try await api.service.change("job") { $0.status = status }
            let answer = try await api.call("SageMaker.StopTrainingJob", Requests.named("job"))
            #expect(answer.status == 400)
            #expect(answer.errorType == "ValidationException")
            #expect(
                answer.message
                    == "The request was rejected because the training job is in status \(status.rawValue).")
            #expect(answer.json["LockstepCode"] == "conflict")
        }
    }

    private static func names(_ answer: APIAnswer) -> [String] {
        (answer.json["TrainingJobSummaries"]?.array ?? []).compactMap { $0["TrainingJobName"]?.string }
    }
}
