import AsyncHTTPClient
import Diagnostics
import Foundation
import NIOCore
import NIOHTTP1
import RequestSigning
import SageMakerShapes

/// Typed calls of a coordinator's API.
///
/// Errors are `LockstepError`s: the server's own code and message, or `.network` when no coordinator
/// answers.
public struct APIClient: Sendable {
    public let endpoint: APIEndpoint
    private let http: HTTPClient

    /// A page of logs may have 10,000 lines.
    private static let answerLimitBytes = 64 << 20
    private static let timeoutMilliseconds: Int64 = 30_000
    private let timeout: TimeAmount

    /// Opens a client, gives it to `body` and closes its connections.
    public static func with<Result>(
        _ endpoint: APIEndpoint, _ body: (APIClient) async throws -> Result
    ) async throws -> Result {
        try await with(endpoint, timeoutMilliseconds: timeoutMilliseconds, body)
    }

    /// The same with another limit for one answer.
    package static func with<Result>(
        _ endpoint: APIEndpoint, timeoutMilliseconds: Int64, _ body: (APIClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        // A coordinator that is not there should be reported at once, not after the timeout.
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result
        do {
            result = try await body(
                APIClient(endpoint: endpoint, http: http, timeout: .milliseconds(timeoutMilliseconds)))
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
        return result
    }

    /// Calls one operation.
    ///
    /// - Parameters:
    ///   - target: X-Amz-Target, `SageMaker.ListTrainingJobs`.
    ///   - invocationID: the same for all attempts of one call, so that a repeated create is one create.
    public func call<Answer: Decodable>(
        _ target: String, _ request: some Encodable, answer: Answer.Type = Answer.self,
        invocationID: String? = nil
    ) async throws -> Answer {
        let (status, bytes) = try await send(target, JSONEncoder().encode(request), invocationID)
        guard status == 200 else { throw error(status: status, bytes) }
        do {
            return try JSONDecoder().decode(Answer.self, from: bytes)
        } catch {
            throw LockstepError(
                .network,
                "\(endpoint.url) gave an answer to \(target) that this program does not "
                    + "understand: use the same version of Lockstep on both sides", cause: error)
        }
    }

    private func send(
        _ target: String, _ body: Data, _ invocationID: String?
    ) async throws -> (status: Int, bytes: Data) {
        var request = HTTPClientRequest(url: endpoint.url + "/")
        request.method = .POST
        request.headers.add(name: "X-Amz-Target", value: target)
        request.headers.add(name: "Content-Type", value: "application/x-amz-json-1.1")
        if let invocationID { request.headers.add(name: "amz-sdk-invocation-id", value: invocationID) }
        request.body = .bytes(ByteBuffer(bytes: body))
        if let key = endpoint.key {
            let signable = SignableRequest(
                method: "POST", target: "/",
                headers: [("Host", endpoint.authority)] + request.headers.map { ($0.name, $0.value) },
                body: Array(body))
            let signer = RequestSigner(key, region: endpoint.region)
            for header in signer.headers(for: signable, at: Date().timeIntervalSince1970) {
                request.headers.add(name: header.name, value: header.value)
            }
            request.headers.add(name: "Host", value: endpoint.authority)
        }
        do {
            let response = try await http.execute(request, timeout: timeout)
            let buffer = try await response.body.collect(upTo: Self.answerLimitBytes)
            return (Int(response.status.code), Data(buffer.readableBytesView))
        } catch let error as CancellationError {
            throw error
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            throw LockstepError(
                .network,
                "the coordinator at \(endpoint.url) (\(endpoint.origin)) gave no answer within "
                    + "\(timeout.nanoseconds / 1_000_000) ms: it may be busy or stopped; try again")
        } catch {
            throw LockstepError(
                .network,
                "no coordinator answers at \(endpoint.url) (\(endpoint.origin)): start one with "
                    + "`lockstep up`, or name its address with --endpoint or LOCKSTEP_ENDPOINT")
        }
    }

    private func error(status: Int, _ bytes: Data) -> LockstepError {
        guard let body = try? JSONDecoder().decode(APIErrorBody.self, from: bytes) else {
            return LockstepError(
                .network,
                "\(endpoint.url) (\(endpoint.origin)) answers with HTTP status \(status) and is no "
                    + "Lockstep coordinator: name its address with --endpoint or LOCKSTEP_ENDPOINT")
        }
        return LockstepError(Self.code(body, status: status), body.message)
    }

    /// The code that the server names, or what SageMaker's name for the error comes closest to.
    private static func code(_ body: APIErrorBody, status: Int) -> LockstepError.Code {
        if let code = body.code { return LockstepError.Code(rawValue: code) }
        return switch body.type {
        case "ResourceInUse": .conflict
        case "ResourceNotFound", "ResourceNotFoundException": .notFound
        case "AccessDeniedException", "MissingAuthenticationTokenException", "InvalidSignatureException",
            "UnrecognizedClientException", "IncompleteSignatureException":
            .denied
        default: status >= 500 ? .bug : .configuration
        }
    }
}
