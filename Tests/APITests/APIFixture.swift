import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import JobLifecycle
import Logging
import NIOCore
import SageMakerAPI
import SageMakerShapes

/// An answer of the API.
struct APIAnswer: Sendable {
    let status: Int
    let json: JSONValue
    let headers: HTTPFields

    var errorType: String? { json["__type"]?.string }
    var message: String? { json["Message"]?.string }
}

/// Calls the API in this process, without a port.
struct APIFixture: Sendable {
    let service: FakeJobService
    private let client: any TestClientProtocol

    /// Runs `body` against an API over a fresh fake coordinator.
    ///
    /// - Parameter dataRoots: folders that jobs may name.
    static func with(
        dataRoots: [String] = [], _ body: @Sendable (APIFixture) async throws -> Void
    ) async throws {
        let service = FakeJobService()
        let server = SageMakerAPIServer(service: service, dataRoots: dataRoots, logger: silentLogger)
        try await server.application.test(.router) { client in
            try await body(APIFixture(service: service, client: client))
        }
    }

    static var silentLogger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    func call(
        _ target: String, _ body: JSONValue, region: String = "eu-west-1", invocation: String? = nil
    ) async throws -> APIAnswer {
        try await send(target: target, text: try body.text(), region: region, invocation: invocation)
    }

    func send(
        target: String?, text: String, region: String = "eu-west-1", invocation: String? = nil,
        method: HTTPRequest.Method = .post, path: String = "/"
    ) async throws -> APIAnswer {
        var headers: HTTPFields = [
            .contentType: "application/x-amz-json-1.1",
            .authorization: "AWS4-HMAC-SHA256 Credential=AKID/20261120/\(region)/sagemaker/aws4_request, "
                + "SignedHeaders=host;x-amz-date, Signature=00",
        ]
        if let target, let name = HTTPField.Name("X-Amz-Target") { headers[name] = target }
        if let invocation, let name = HTTPField.Name("amz-sdk-invocation-id") {
            headers[name] = invocation
        }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: ByteBuffer(string: text)
        ) { response in
            let text = String(buffer: response.body)
            return APIAnswer(
                status: response.status.code, json: try JSONValue(parsing: Data(text.utf8)),
                headers: response.headers)
        }
    }
}
