import JSON
import Diagnostics
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import JobLifecycle
import Logging
import NIOCore
import SageMakerShapes
import ServiceModels

/// Turns HTTP requests into calls of operations: `POST /` with the operation in X-Amz-Target,
/// `GET /health` for probes.
struct APIResponder: HTTPResponder {
    typealias Context = APIContext

    let handlers: APIRegistry
    let accountID: String
    let defaultRegion: String
    let logger: Logger
    let access: APIAccess
    let hostNames: [String]
    /// The open connections; `nil` where callers are within this process.
    let registry: ConnectionRegistry?

    func respond(to request: Request, context: Context) async throws -> Response {
        let connection = registry?.connection(of: context.channel)
        connection?.beginBody()
        defer { connection?.endAnswer() }
        if [.get, .head].contains(request.method), request.uri.path == "/health" {
            let response = Self.response(200, #"{"status":"ok"}"#, requestID: UUID())
            return request.method == .head ? response.createHeadResponse() : response
        }
        return await respond(to: request, over: connection)
    }

    private func respond(to request: Request, over connection: APIConnection?) async -> Response {
        let requestID = UUID()
        let target = Self.header("X-Amz-Target", of: request) ?? ""
        do {
            let answer = try await answer(request, target: target, over: connection)
            return Self.response(200, answer, requestID: requestID)
        } catch {
            let fault = APIFault(error, target: target)
            if fault.status >= 500 {
                logger.error(
                    "API call failed",
                    metadata: ["api.target": "\(target)", "error.message": "\(error)"])
            }
            // The client waits for leave to send a body that nobody wants any more.
            if request.headers[.expect] != nil { connection?.closeAfterAnswer() }
            let body = (try? JSONValue(encoding: fault.body).text()) ?? "{}"
            return Self.response(fault.status, body, requestID: requestID, errorType: fault.type)
        }
    }

    private func answer(
        _ request: Request, target: String, over connection: APIConnection?
    ) async throws -> String {
        try SiteCheck(hostNames: hostNames, ownAddress: connection?.ownAddress).check(request.head)
        guard request.method == .post, request.uri.path == "/" else {
            throw APIFault.unknownOperation(
                "There is nothing at \(request.method.rawValue) \(request.uri.path.prefix(200)): calls are "
                    + "POST / with the operation in X-Amz-Target", status: 404)
        }
        guard let handler = handler(of: target) else {
            throw APIFault.unknownOperation(unknownOperationMessage(target))
        }
        let caller = try CallerCheck(request.head, peer: peer(connection), access: access)
        let reader = BodyReader(limitBytes: APILimits().bodyBytes, connection: connection)
        let bytes = try await reader.read(request)
        connection?.endBody()
        try caller.verify(request.head, body: bytes)
        let text = String(decoding: try reader.unpack(bytes, of: request), as: UTF8.self)
        let call = try call(request, text: text, caller: caller.caller)
        try Self.check(call.body, for: handler)
        return try await handler.answer(call).text()
    }

    private func peer(_ connection: APIConnection?) -> Peer {
        if registry == nil { return .ownProcess }
        return connection?.peer ?? .address("a connection that is over")
    }

    private func handler(of target: String) -> (any APIHandler)? {
        let parts = target.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let service = Self.serviceByPrefix[parts[0]] else { return nil }
        return handlers.handler(of: parts[1], in: service)
    }

    /// What stands before the operation in X-Amz-Target.
    private static let serviceByPrefix: [String: ServiceName] = [
        "SageMaker": .sagemaker, "Logs_20140328": .logs, "Lockstep": .lockstep,
    ]

    private static func check(_ body: JSONValue, for handler: any APIHandler) throws {
        guard let shape = RequestShape.shape(of: handler) else { return }
        let check = RequestCheck(body, against: shape)
        if let message = check.typeMismatch { throw APIFault.serialization(message) }
        if let message = check.validationMessage {
            throw handler.service == .logs ? APIFault.invalidParameter(message) : APIFault.validation(message)
        }
    }

    private func call(_ request: Request, text: String, caller: APICaller) throws -> APICall {
        let body: JSONValue
        do {
            body = text.isEmpty ? .object([:]) : try JSONValue(parsing: Data(text.utf8))
        } catch {
            throw APIFault.serialization("The request is no valid JSON")
        }
        let credential = Self.header("Authorization", of: request)
        return APICall(
            body: body, bodyText: text, accountID: accountID,
            region: credential.flatMap(Self.region) ?? defaultRegion, caller: caller,
            invocationID: Self.header("amz-sdk-invocation-id", of: request))
    }

    /// Region in `… Credential=KEY/20261120/us-east-1/sagemaker/aws4_request, …`.
    static func region(inAuthorization text: String) -> String? {
        guard let credential = text.split(separator: "Credential=", maxSplits: 1).last else { return nil }
        let scope = credential.prefix { $0 != "," }.split(separator: "/")
        guard scope.count == 5, scope[4] == "aws4_request" else { return nil }
        let isPlain = scope[2].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return isPlain ? String(scope[2]) : nil
    }

    private func unknownOperationMessage(_ target: String) -> String {
        if target.isEmpty {
            return "The request names no operation: X-Amz-Target is missing"
        }
        if target == "SageMaker.DeleteTrainingJob" {
            return "DeleteTrainingJob is not offered: a cluster keeps the record of all its jobs"
        }
        let offered = handlers.handlers.map(\.operation)
        return "\(target) is not offered; this cluster knows \(offered.joined(separator: ", "))"
    }

    private static func header(_ name: String, of request: Request) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }

    private static func response(
        _ status: Int, _ body: String, requestID: UUID, errorType: String? = nil
    ) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/x-amz-json-1.1"
        if let name = HTTPField.Name("x-amzn-RequestId") {
            headers[name] = requestID.uuidString.lowercased()
        }
        if let errorType, let name = HTTPField.Name("x-amzn-ErrorType") { headers[name] = errorType }
        return Response(
            status: HTTPResponse.Status(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
