import FoundationEssentials
package import JSON
import ServiceModels

/// An answer as it goes into HTTP.
package struct WireAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    init(status: Int, contentType: String?, _ body: some Sequence<UInt8>) {
        self.status = status
        headers = contentType.map { [("Content-Type", $0)] } ?? []
        self.body = Array(body)
    }
}

/// Writes answers in any of the protocols.
package struct AnswerWriter {
    private let route: Route
    private let requestID: String
    private var model: ServiceModel { route.model }

    package init(_ route: Route, requestID: String) {
        self.route = route
        self.requestID = requestID
    }

    /// The answer of an operation.
    ///
    /// - Parameter value: its members; one that is the whole body and no structure is Base64 text where it is
    ///   bytes.
    package func answer(_ value: JSONValue) throws -> WireAnswer {
        switch route.wire {
        case .awsJSON:
            return WireAnswer(
                status: route.operation.status, contentType: "application/x-amz-json-1.1",
                try value.text().utf8)
        case .query: return WireAnswer(status: 200, contentType: "text/xml", query(value).utf8)
        case .restJSON, .restXML: return try rest(value)
        }
    }

    private func query(_ value: JSONValue) -> String {
        let name = route.name
        let content = route.operation.output.map { XMLText(model).members(value, model.shape($0)) }
        let result = content.map { XMLText.element(route.operation.outputWrapper ?? "\(name)Result", $0) }
        let metadata = XMLText.element("ResponseMetadata", XMLText.element("RequestId", requestID))
        let namespace = model.metadata.xmlNamespace.map { " xmlns=\"\($0)\"" } ?? ""
        return XMLText.element("\(name)Response", (result ?? "") + metadata, attributes: namespace)
    }

    private func rest(_ value: JSONValue) throws -> WireAnswer {
        guard let output = route.operation.output.map(model.shape) else {
            return WireAnswer(status: route.operation.status, contentType: nil, [])
        }
        var answer = try body(value, output)
        answer.status = route.operation.status
        for member in output.members {
            guard let content = value[member.name] else { continue }
            let shape = model.shape(of: member)
            switch member.location {
            case "statusCode": answer.status = content.real.flatMap { Int(exactly: $0) } ?? answer.status
            case "header":
                let format = member.timestampFormat ?? shape.timestampFormat ?? "rfc822"
                answer.headers.removeAll { $0.name.lowercased() == member.wireName.lowercased() }
                answer.headers.append((member.wireName, Scalars.text(content, shape, format)))
            case "headers":
                for (name, text) in (content.object ?? [:]).sorted(by: { $0.key < $1.key }) {
                    answer.headers.append((member.wireName + name, text.string ?? ""))
                }
            default: continue
            }
        }
        return answer
    }

    private func body(_ value: JSONValue, _ output: Shape) throws -> WireAnswer {
        let status = route.operation.status
        if let payload = output.payload.flatMap({ output.member($0) }) {
            let shape = model.shape(of: payload)
            let content = value[payload.name] ?? .null
            switch shape.kind {
            case .structure: return try structure(content, shape, payload.locationName ?? payload.shape)
            case .blob:
                let bytes = content.string.flatMap { Data(base64Encoded: $0) } ?? Data()
                return WireAnswer(status: status, contentType: "application/octet-stream", bytes)
            default: return WireAnswer(status: status, contentType: "text/plain", (content.string ?? "").utf8)
            }
        }
        guard output.members.contains(where: { $0.location == nil }) else {
            return WireAnswer(status: status, contentType: nil, [])
        }
        return try structure(value, output, output.locationName ?? "\(route.name)Result")
    }

    private func structure(_ value: JSONValue, _ shape: Shape, _ name: String) throws -> WireAnswer {
        let status = route.operation.status
        if route.wire == .restXML {
            let namespace = model.metadata.xmlNamespace.map { " xmlns=\"\($0)\"" } ?? ""
            let text = XMLText.element(name, XMLText(model).members(value, shape), attributes: namespace)
            return WireAnswer(
                status: status, contentType: "application/xml", (XMLText.declaration + text).utf8)
        }
        var members: [String: JSONValue] = [:]
        for (name, content) in value.object ?? [:] {
            let member = shape.member(name)
            if member?.location == nil { members[member?.wireName ?? name] = content }
        }
        return WireAnswer(
            status: status, contentType: "application/json", try JSONValue.object(members).text().utf8)
    }
}
