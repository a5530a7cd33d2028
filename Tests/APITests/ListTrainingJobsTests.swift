import ClusterTypes
import JobLifecycle
import SageMakerShapes
import Testing

@Suite("ListTrainingJobs")
struct ListTrainingJobsTests {
    private static let target = "SageMaker.ListTrainingJobs"

    /// Pseudo-random numbers that are the same in every run.
    private struct Sequence: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static func record(_ name: String, created: Double, status: JobStatus) -> JobRecord {
        var record = JobRecord(
            name: JobName(name), requestJSON: "{}", arn: "arn:\(name)", modelArtifact: "file:///m",
            slotCount: 1, creationTime: created)
        record.status = status
        return record
    }

    /// 37 jobs, many created in the same second, of all statuses.
    private static func fill(_ service: FakeJobService, seed: UInt64) async {
        var numbers = Sequence(state: seed)
        for index in (0..<37).shuffled(using: &numbers) {
            let status = JobStatus.allCases[Int.random(in: 0..<5, using: &numbers)]
            await service.add(
                record("job-\(index)", created: Double(Int.random(in: 0..<9, using: &numbers)), status: status))
        }
    }

    private static func pages(
        _ api: APIFixture, _ query: JSONValue, between: @Sendable () async -> Void = {}
    ) async throws -> [[String]] {
        var pages: [[String]] = []
        var request = query
        while true {
            let answer = try await api.call(target, request)
            try #require(answer.status == 200)
            let summaries = try #require(answer.json["TrainingJobSummaries"]?.array)
            pages.append(summaries.compactMap { $0["TrainingJobName"]?.string })
            guard let token = answer.json["NextToken"] else { return pages }
            request = query.with("NextToken", token)
            await between()
        }
    }

    struct Order: Sendable, CustomTestStringConvertible {
        let sortBy: String
        let sortOrder: String
        let pageSize: Int
        var testDescription: String { "\(sortBy) \(sortOrder) \(pageSize)" }
    }

    static let orders = ["Name", "CreationTime", "Status"].flatMap { key in
        ["Ascending", "Descending"].flatMap { order in
            [1, 7, 36, 37, 38, 100].map { Order(sortBy: key, sortOrder: order, pageSize: $0) }
        }
    }

    @Test("gives every job once, in order, however the pages are cut", arguments: orders)
    func paging(_ order: Order) async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service, seed: 7)
            let query: JSONValue = [
                "SortBy": .string(order.sortBy), "SortOrder": .string(order.sortOrder),
                "MaxResults": .integer(order.pageSize),
            ]
            let pages = try await Self.pages(api, query)
            let records = try await api.service.jobs()
            let key: (JobRecord) -> (Double, String, String) = { record in
                switch order.sortBy {
                case "Name": (0, "", record.name.rawValue)
                case "Status": (0, record.status.rawValue, record.name.rawValue)
                default: (record.creationTime, "", record.name.rawValue)
                }
            }
            var expected = records.sorted { key($0) < key($1) }.map(\.name.rawValue)
            if order.sortOrder == "Descending" { expected.reverse() }
            #expect(pages.flatMap { $0 } == expected)
            #expect(pages.dropLast().allSatisfy { $0.count == order.pageSize })
            #expect(pages.count == (37 + order.pageSize - 1) / order.pageSize)
        }
    }

    @Test("neither repeats nor hides a job when others are created between the pages")
    func insertion() async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service, seed: 11)
            let before = Set(try await api.service.jobs().map(\.name.rawValue))
            let service = api.service
            let pages = try await Self.pages(api, ["SortBy": "CreationTime", "MaxResults": 5]) {
                let count = (try? await service.jobs().count) ?? 0
                await service.add(Self.record("new-\(count)", created: 0.5, status: .inProgress))
            }
            let listed = pages.flatMap { $0 }
            #expect(Set(listed).count == listed.count)
            #expect(Set(listed).isSuperset(of: before))
        }
    }

    @Test("begins with the oldest, ten at a time")
    func defaults() async throws {
        try await APIFixture.with { api in
            for index in 0..<12 {
                await api.service.add(
                    Self.record("job-\(index)", created: Double(100 - index), status: .completed))
            }
            let pages = try await Self.pages(api, .object([:]))
            #expect(pages.map(\.count) == [10, 2])
            #expect(pages.first?.first == "job-11")
        }
    }

    struct Filter: Sendable, CustomTestStringConvertible {
        let query: JSONValue
        let expected: [String]
        var testDescription: String { (try? query.text()) ?? "" }
    }

    @Test(
        "filters",
        arguments: [
            Filter(query: ["NameContains": "b"], expected: ["ab", "b"]),
            Filter(query: ["StatusEquals": "Failed"], expected: ["b"]),
            Filter(query: ["CreationTimeAfter": 10], expected: ["b", "c"]),
            Filter(query: ["CreationTimeBefore": .number(20.5)], expected: ["ab", "b"]),
            Filter(query: ["CreationTimeAfter": "1970-01-01T00:00:15Z"], expected: ["b", "c"]),
            Filter(query: ["LastModifiedTimeAfter": 20], expected: ["c"]),
            Filter(query: ["LastModifiedTimeBefore": 20], expected: ["ab"]),
            Filter(query: ["WarmPoolStatusEquals": "InUse"], expected: []),
            Filter(query: ["NameContains": "b", "StatusEquals": "Completed"], expected: ["ab"]),
        ])
    func filters(_ filter: Filter) async throws {
        try await APIFixture.with { api in
            await api.service.add(Self.record("ab", created: 10, status: .completed))
            await api.service.add(Self.record("b", created: 20, status: .failed))
            await api.service.add(Self.record("c", created: 30, status: .inProgress))
            let pages = try await Self.pages(api, filter.query)
            #expect(pages.flatMap { $0 } == filter.expected)
        }
    }

    @Test("refuses tokens that are not of this query")
    func tokens() async throws {
        try await APIFixture.with { api in
            await Self.fill(api.service, seed: 3)
            let query: JSONValue = ["SortBy": "Name", "MaxResults": 5]
            let token = try #require(try await api.call(Self.target, query).json["NextToken"])
            for request in [
                ["NextToken": "garbage"], ["NextToken": ""], ["NextToken": "e30="],
                ["SortBy": "Status", "NextToken": token],
                ["SortBy": "Name", "NameContains": "1", "NextToken": token],
            ] as [JSONValue] {
                let answer = try await api.call(Self.target, request)
                #expect(answer.status == 400)
                #expect(answer.errorType == "ValidationException")
                #expect(answer.message?.hasPrefix("Invalid NextToken") == true)
            }
            let other = try await api.call(
                Self.target, ["SortBy": "Name", "MaxResults": 9, "NextToken": token])
            #expect(other.status == 200)
        }
    }
}
