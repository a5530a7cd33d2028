import APIClient
import Diagnostics
import Foundation
import JSON
import SageMakerShapes
import Testing

@Suite("API client")
struct APIClientTests {
    private static let created = "{\"TrainingJobArn\": \"arn:a\"}"

    private static func call(
        _ url: String, milliseconds: Int64 = 5000,
        _ body: (APIClient) async throws -> Void = { _ = try await $0.listWorkers() }
    ) async throws {
        let endpoint = try APIEndpoint.find(option: url, environment: [:], accountHome: "/nowhere")
        try await APIClient.with(endpoint, timeoutMilliseconds: milliseconds, body)
    }

    private static func failure(
        _ reply: ScriptedServer.Reply, milliseconds: Int64 = 5000,
        _ body: @escaping (APIClient) async throws -> Void = { _ = try await $0.listWorkers() }
    ) async throws -> LockstepError? {
        var failure: LockstepError?
        _ = try await ScriptedServer.run([reply]) { url in
            failure = await #expect(throws: LockstepError.self) {
                try await call(url, milliseconds: milliseconds, body)
            }
        }
        return failure
    }

    /// An answer that is an error, and what becomes of it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        let code: LockstepError.Code
        let message: String
        var testDescription: String { "\(status) \(body)" }
    }

    static let refusals = [
        Refusal(
            status: 400, body: #"{"__type":"ResourceInUse","Message":"the name is taken"}"#,
            code: .conflict, message: "the name is taken"),
        Refusal(
            status: 400, body: #"{"__type":"AccessDeniedException","Message":"no"}"#, code: .denied,
            message: "no"),
        Refusal(
            status: 400, body: #"{"__type":"ValidationException","Message":"k is 0"}"#,
            code: .configuration, message: "k is 0"),
        Refusal(
            status: 500, body: #"{"__type":"InternalFailure","Message":"oh"}"#, code: .bug, message: "oh"),
        Refusal(
            status: 503, body: #"{"__type":"ServiceUnavailable","Message":"disk","LockstepCode":"io"}"#,
            code: .io, message: "disk"),
        Refusal(status: 502, body: "<html>Bad Gateway</html>", code: .network, message: "is no Lockstep"),
        Refusal(status: 404, body: "", code: .network, message: "HTTP status 404"),
        Refusal(status: 200, body: "hello", code: .network, message: "does not understand"),
        Refusal(status: 200, body: #"{"Workers": 3}"#, code: .network, message: "same version"),
    ]

    @Test("gives each error of the server its own code and words", arguments: refusals)
    func refusal(_ refusal: Refusal) async throws {
        let error = try await Self.failure(.answer(status: refusal.status, body: refusal.body))
        #expect(error?.code == refusal.code)
        #expect(error?.message.contains(refusal.message) == true, "\(String(describing: error))")
    }

    @Test("names the job that is not there")
    func missingJob() async throws {
        let body = #"{"__type":"ResourceNotFound","Message":"Requested resource not found."}"#
        let error = try await Self.failure(.answer(status: 400, body: body)) {
            _ = try await $0.describeTrainingJob("digits")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("no training job named digits at http://127.0.0.1") == true)
    }

    @Test("says that nobody listens, and where the address is from")
    func nobody() async throws {
        let error = await #expect(throws: LockstepError.self) { try await Self.call("http://127.0.0.1:1") }
        #expect(error?.code == .network)
        #expect(
            error?.message.contains("no coordinator answers at http://127.0.0.1:1 (--endpoint)") == true)
    }

    @Test("does not wait for ever")
    func timeout() async throws {
        let error = try await Self.failure(.silence, milliseconds: 200)
        #expect(error?.code == .network)
        #expect(error?.message.contains("no answer within 200 ms") == true, "\(String(describing: error))")
    }

    @Test("takes half an answer for none")
    func cutShort() async throws {
        let error = try await Self.failure(.cutShort)
        #expect(error?.code == .network)
    }

    @Test("asks once more for a created job when the answer is lost, as the same invocation")
    func createIsRepeated() async throws {
        let requests = try await ScriptedServer.run(
            [.hangUp, .answer(status: 200, body: Self.created)]
        ) { url in
            try await Self.call(url) { client in
                let answer = try await client.createTrainingJob(.object(["TrainingJobName": "a"]))
                #expect(answer.trainingJobArn == "arn:a")
            }
        }
        #expect(requests.count == 2)
        let ids = requests.map(Self.invocation)
        #expect(ids[0] != nil && ids[0] == ids[1], "\(ids)")
        #expect(requests.allSatisfy { $0.hasSuffix(#"{"TrainingJobName":"a"}"#) })
        #expect(requests.allSatisfy { $0.contains("SageMaker.CreateTrainingJob") })
    }

    @Test("asks once more only, and not at all after a refusal")
    func createIsNotRepeatedForEver() async throws {
        let replies: [[ScriptedServer.Reply]] = [
            [.hangUp, .hangUp, .answer(status: 200, body: Self.created)],
            [
                .answer(status: 400, body: #"{"__type":"ResourceInUse","Message":"taken"}"#),
                .answer(status: 200, body: Self.created),
            ],
        ]
        for (script, count) in zip(replies, [2, 1]) {
            let requests = try await ScriptedServer.run(script) { url in
                await #expect(throws: LockstepError.self) {
                    try await Self.call(url) { _ = try await $0.createTrainingJob(.object([:])) }
                }
            }
            #expect(requests.count == count)
        }
    }

    @Test("does not repeat a stop whose answer is lost")
    func stopIsNotRepeated() async throws {
        let requests = try await ScriptedServer.run([.hangUp, .answer(status: 200, body: "{}")]) { url in
            await #expect(throws: LockstepError.self) {
                try await Self.call(url) { try await $0.stopTrainingJob("a") }
            }
        }
        #expect(requests.count == 1)
    }

    @Test("goes through the pages of a list up to the limit")
    func pages() async throws {
        func page(_ names: [String], next: String?) -> ScriptedServer.Reply {
            let jobs = names.map {
                #"{"TrainingJobName":"\#($0)","TrainingJobArn":"arn","CreationTime":1,"#
                    + #""LastModifiedTime":1,"TrainingJobStatus":"Completed","SecondaryStatus":"Completed"}"#
            }
            let token = next.map { #","NextToken":"\#($0)""# } ?? ""
            return .answer(
                status: 200, body: "{\"TrainingJobSummaries\":[\(jobs.joined(separator: ","))]\(token)}")
        }
        let requests = try await ScriptedServer.run([
            page(["a", "b"], next: "t1"), page(["c"], next: nil),
        ]) { url in
            try await Self.call(url) { client in
                var request = ListTrainingJobsRequest()
                request.maxResults = 5
                let jobs = try await client.listTrainingJobs(request)
                #expect(jobs.map(\.trainingJobName) == ["a", "b", "c"])
            }
        }
        #expect(requests.count == 2)
        #expect(requests[1].contains(#""NextToken":"t1""#) && requests[1].contains(#""MaxResults":3"#))
    }

    @Test("takes the address from option, variable, file and default, in this order")
    func endpoints() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("home-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("endpoint.json")
        func find(_ option: String?, _ environment: [String: String]) throws -> String {
            try APIEndpoint.find(option: option, environment: environment, accountHome: "/nowhere").url
        }
        let home = ["LOCKSTEP_HOME": folder.path]
        let both = home.merging(["LOCKSTEP_ENDPOINT": "http://b:2"]) { $1 }
        #expect(try find(nil, home) == APIEndpoint.defaultURL)
        try #"{"api": "http://c:3"}"#.write(to: file, atomically: true, encoding: .utf8)
        #expect(try find("http://a:1/", both) == "http://a:1")
        #expect(try find(nil, both) == "http://b:2")
        #expect(try find(nil, home) == "http://c:3")
        try "not json".write(to: file, atomically: true, encoding: .utf8)
        for (option, environment) in [(nil, home), ("127.0.0.1:7460", [:]), ("ftp://a", [:])] {
            let error = #expect(throws: LockstepError.self) { try find(option, environment) }
            #expect(error?.code == .usage)
        }
    }

    @Test("takes the folder from LOCKSTEP_HOME, XDG_STATE_HOME, HOME and the account, in this order")
    func homeFolder() {
        func path(_ environment: [String: String]) -> String {
            HomeFolder.path(environment: environment, accountHome: "/account")
        }
        let all = ["LOCKSTEP_HOME": "/own", "XDG_STATE_HOME": "/state", "HOME": "/home"]
        #expect(path(all) == "/own")
        #expect(path(all.merging(["LOCKSTEP_HOME": ""]) { $1 }) == "/state/lockstep")
        #expect(path(["XDG_STATE_HOME": "relative", "HOME": "/home"]) == "/home/.lockstep")
        #expect(path(["HOME": ""]) == "/account/.lockstep")
    }

    private static func invocation(_ request: String) -> String? {
        request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("amz-sdk-invocation-id:") }
            .map { String($0.dropFirst("amz-sdk-invocation-id:".count)) }
    }
}
