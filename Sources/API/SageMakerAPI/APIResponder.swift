import APIWire
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

/// Turns HTTP requests into calls of operations, in whichever protocol of AWS's they come, and answers
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
            var response = Response(
                status: .ok, headers: [.contentType: "application/x-amz-json-1.1"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#)))
            if let name = HTTPField.Name("x-amzn-RequestId") {
                response.headers[name] = UUID().uuidString.lowercased()
            }
            return request.method == .head ? response.createHeadResponse() : response
        }
        return await respond(to: request, over: connection)
    }

    private func respond(to request: Request, over connection: APIConnection?) async -> Response {
        let requestID = UUID().uuidString.lowercased()
        let head = WireRequest(request)
        var route: Route?
        let answer: WireAnswer
        do {
            answer = try await self.answer(request, head, &route, requestID: requestID, over: connection)
        } catch {
            let fault = APIFault(error, route)
            if fault.status >= 500 {
                logger.error(
                    "API call failed",
                    metadata: [
                        "api.operation": "\(route?.name ?? head.path)", "error.message": "\(error)",
                    ])
            }
            // The client waits for leave to send a body that nobody wants any more.
            if request.headers[.expect] != nil { connection?.closeAfterAnswer() }
            answer = Self.errorAnswer(fault, head, route, requestID: requestID)
        }
        let response = Self.response(answer, requestID: requestID)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(
        _ request: Request, _ head: WireRequest, _ found: inout Route?, requestID: String,
        over connection: APIConnection?
    ) async throws -> WireAnswer {
        try SiteCheck(hostNames: hostNames, ownAddress: connection?.ownAddress).check(request.head)
        if case .operation(let route) = try APIRouter.destination(of: head) { found = route }
        if let found { _ = try handler(of: found) }
        let caller = try CallerCheck(request.head, peer: peer(connection), access: access)
        let reader = BodyReader(limitBytes: APILimits().bodyBytes, connection: connection)
        let bytes = try await reader.read(request)
        connection?.endBody()
        try caller.verify(request.head, body: bytes)
        var whole = head
        whole.body = try reader.unpack(bytes, of: request)
        let route = try found ?? APIRouter.route(ofForm: whole)
        found = route
        let handler = try handler(of: route)
        let call = try call(whole, route, caller.caller)
        return try AnswerWriter(route, requestID: requestID).answer(try await handler.answer(call))
    }

    private func peer(_ connection: APIConnection?) -> Peer {
        if registry == nil { return .ownProcess }
        return connection?.peer ?? .address("a connection that is over")
    }

    /// - Throws: `APIFault` saying why an operation is not offered.
    private func handler(of route: Route) throws(APIFault) -> any APIHandler {
        if let handler = handlers.handler(of: route.name, in: route.model.name) { return handler }
        throw OfferedOperations.fault(of: route.name, in: route.model.name)
    }

    /// The call of a request that has the shape that its model wants.
    private func call(_ request: WireRequest, _ route: Route, _ caller: APICaller) throws -> APICall {
        let input = try RequestReader(route).read(request)
        let check = ShapeCheck(
            input.members, against: route.operation.input, of: route.model,
            payload: input.payload.map { ($0.name, $0.bytes.count) })
        if let message = check.typeMismatch { throw APIFault.serialization(message) }
        if let message = check.validationMessage {
            throw APIFault.validation(message, in: route.model.name)
        }
        let isJSON = route.wire == .awsJSON
        return APICall(
            body: input.members, bodyText: isJSON ? String(decoding: request.body, as: UTF8.self) : "",
            payload: input.payload?.bytes, accountID: accountID,
            region: request.header("authorization").flatMap(CredentialScope.init)?.region ?? defaultRegion,
            caller: caller, invocationID: request.header("amz-sdk-invocation-id"))
    }

    private static func errorAnswer(
        _ fault: APIFault, _ head: WireRequest, _ route: Route?, requestID: String
    ) -> WireAnswer {
        let writer = ErrorWriter(
            route?.wire ?? APIRouter.likelyWire(of: head), route?.model, requestID: requestID)
        let body = fault.body
        return writer.answer(
            status: fault.status, type: fault.type, message: body.message,
            json: (try? JSONValue(encoding: body)) ?? .object([:]),
            asksForQueryNames: head.header("x-amzn-query-mode") == "true")
    }

    private static func response(_ answer: WireAnswer, requestID: String) -> Response {
        var headers = HTTPFields()
        for header in answer.headers + [("x-amzn-RequestId", requestID), ("x-amz-request-id", requestID)] {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

extension WireRequest {
    /// The head of a request.
    fileprivate init(_ request: Request) {
        let authorization = request.headers[.authorization]
        self.init(
            method: request.method.rawValue, target: request.head.path ?? "/",
            headers: request.headers.map { ($0.name.rawName, $0.value) },
            signingName: authorization.flatMap(CredentialScope.init)?.service)
    }
}
