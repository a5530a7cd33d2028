import Diagnostics
import HTTPTypes
import SageMakerShapes
import Testing

@Suite("The wire protocol")
struct ProtocolTests {
    @Test("answers probes")
    func health() async throws {
        try await APIFixture.with { api in
            let answer = try await api.send(target: nil, text: "", method: .get, path: "/health")
            #expect(answer.status == 200)
            #expect(answer.json == ["status": "ok"])
        }
    }

    @Test("marks every answer with a request id and SageMaker's content type")
    func headers() async throws {
        try await APIFixture.with { api in
            let good = try await api.call("SageMaker.ListTrainingJobs", .object([:]))
            let bad = try await api.call("SageMaker.DescribeTrainingJob", Requests.named("nobody"))
            let requestID = try #require(HTTPField.Name("x-amzn-RequestId"))
            for answer in [good, bad] {
                #expect(answer.headers[.contentType] == "application/x-amz-json-1.1")
                #expect(answer.headers[requestID]?.count == 36)
            }
            #expect(good.headers[requestID] != bad.headers[requestID])
            let errorType = try #require(HTTPField.Name("x-amzn-ErrorType"))
            #expect(bad.headers[errorType] == "ValidationException")
        }
    }

    struct Misuse: Sendable, CustomTestStringConvertible {
        let name: String
        let target: String?
        var text = "{}"
        var method = HTTPRequest.Method.post
        var path = "/"
        let status: Int
        let type: String
        let message: String
        var testDescription: String { name }
    }

    static let misuses: [Misuse] = [
        Misuse(
            name: "no operation", target: nil, status: 400, type: "UnknownOperationException",
            message: "The request names no operation: X-Amz-Target is missing"),
        Misuse(
            name: "an operation not offered", target: "SageMaker.CreateModel", status: 400,
            type: "UnknownOperationException", message: "SageMaker.CreateModel is not offered; "),
        Misuse(
            name: "deleting a job", target: "SageMaker.DeleteTrainingJob", status: 400,
            type: "UnknownOperationException",
            message: "DeleteTrainingJob is not offered: a cluster keeps the record of all its jobs"),
        Misuse(
            name: "broken JSON", target: "SageMaker.ListTrainingJobs", text: "{\"MaxResults\": ", status: 400,
            type: "SerializationException", message: "The request is no valid JSON"),
        Misuse(
            name: "JSON that is no object", target: "SageMaker.ListTrainingJobs", text: "[1]", status: 400,
            type: "SerializationException",
            message: "START_ARRAY can not be converted to a Structure at the request"),
        Misuse(
            name: "another path", target: nil, path: "/endpoints/x/invocations", status: 404,
            type: "UnknownOperationException", message: "There is nothing at POST /endpoints/x/invocations"),
        Misuse(
            name: "another method", target: nil, method: .get, status: 404,
            type: "UnknownOperationException", message: "There is nothing at GET /: "),
        Misuse(
            name: "a page too large", target: "SageMaker.ListTrainingJobs", text: "{\"MaxResults\": 101}",
            status: 400, type: "ValidationException",
            message: "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
                + "Member must have value less than or equal to 100"),
        Misuse(
            name: "an unknown status", target: "SageMaker.ListTrainingJobs",
            text: "{\"StatusEquals\": \"blah\"}", status: 400, type: "ValidationException",
            message: "1 validation error detected: Value 'blah' at 'statusEquals' failed to satisfy "
                + "constraint: Member must satisfy enum value set: "
                + "[InProgress, Completed, Failed, Stopping, Stopped, Deleting]"),
        Misuse(
            name: "a bad time", target: "SageMaker.ListTrainingJobs",
            text: "{\"CreationTimeAfter\": \"yesterday\"}", status: 400, type: "SerializationException",
            message: "STRING_VALUE can not be converted to a Timestamp at 'creationTimeAfter'"),
        Misuse(
            name: "a log page too large", target: "Logs_20140328.GetLogEvents",
            text: "{\"logStreamName\": \"a/b\", \"limit\": 10001}", status: 400,
            type: "InvalidParameterException",
            message: "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
                + "Member must have value less than or equal to 10000"),
    ]

    @Test("names what is wrong with a call", arguments: misuses)
    func misuse(_ entry: Misuse) async throws {
        try await APIFixture.with { api in
            let answer = try await api.send(
                target: entry.target, text: entry.text, method: entry.method, path: entry.path)
            #expect(answer.status == entry.status)
            #expect(answer.errorType == entry.type)
            #expect(answer.message?.hasPrefix(entry.message) == true, "\(answer.message ?? "")")
        }
    }

    @Test("takes a request that is too large for none")
    func tooLarge() async throws {
        try await APIFixture.with { api in
            let text = "{\"x\": \"" + String(repeating: "a", count: 5 << 20) + "\"}"
            let answer = try await api.send(target: "SageMaker.CreateTrainingJob", text: text)
            #expect(answer.status == 413)
        }
    }

    @Test("gives ARNs the region of the client's credentials", arguments: ["us-west-2", "local-1"])
    func region(_ region: String) async throws {
        try await APIFixture.with { api in
            let answer = try await api.call(
                "SageMaker.CreateTrainingJob", Requests.create("job"), region: region)
            #expect(
                answer.json["TrainingJobArn"]
                    == .string("arn:aws:sagemaker:\(region):000000000000:training-job/job"))
        }
    }

    struct Mapped: Sendable {
        let code: LockstepError.Code
        let status: Int
        let type: String
    }

    @Test(
        "gives every error of the coordinator SageMaker's name",
        arguments: [
            Mapped(code: .usage, status: 400, type: "ValidationException"),
            Mapped(code: .configuration, status: 400, type: "ValidationException"),
            Mapped(code: .notFound, status: 400, type: "ValidationException"),
            Mapped(code: .conflict, status: 400, type: "ResourceInUse"),
            Mapped(code: .denied, status: 400, type: "AccessDeniedException"),
            Mapped(code: .io, status: 503, type: "ServiceUnavailable"),
            Mapped(code: .network, status: 503, type: "ServiceUnavailable"),
            Mapped(code: .bug, status: 500, type: "InternalFailure"),
            Mapped(code: .damaged, status: 500, type: "InternalFailure"),
        ])
    func errors(_ mapped: Mapped) async throws {
        try await APIFixture.with { api in
            await api.service.setFailure(LockstepError(mapped.code, "the disk is full"))
            let answer = try await api.call("SageMaker.DescribeTrainingJob", Requests.named("job"))
            #expect(answer.status == mapped.status)
            #expect(answer.errorType == mapped.type)
            #expect(answer.json["LockstepCode"] == .string(mapped.code.rawValue))
        }
    }
}
