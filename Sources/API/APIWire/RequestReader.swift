package import JSON
import FoundationEssentials
import ServiceModels

/// What a request says: the members of its operation's shape, and a body that is no members.
package struct WireInput: Sendable {
    package var members: JSONValue
    /// The text or bytes of the member that is the whole body, and that member's name.
    package var payload: (name: String, bytes: [UInt8])?
}

/// Reads requests in any of the protocols.
package struct RequestReader {
    private let route: Route
    private var model: ServiceModel { route.model }

    package init(_ route: Route) { self.route = route }

    /// - Throws: `WireFault.malformed` saying what is wrong with the body.
    package func read(_ request: WireRequest) throws(WireFault) -> WireInput {
        switch route.wire {
        case .awsJSON: return WireInput(members: try Self.json(request.body))
        case .query: return WireInput(members: form(request))
        case .restJSON, .restXML: return try rest(request)
        }
    }

    private static func json(_ body: [UInt8]) throws(WireFault) -> JSONValue {
        if body.isEmpty { return .object([:]) }
        do {
            return try JSONValue(parsing: Data(body))
        } catch {
            throw .malformed("The request is no valid JSON")
        }
    }

    private func form(_ request: WireRequest) -> JSONValue {
        let pairs = request.query + FormText.pairs(String(decoding: request.body, as: UTF8.self))
        guard let input = route.operation.input else { return .object([:]) }
        return FormMembers(model).value(FormNode(pairs), model.shape(input)) ?? .object([:])
    }

    private func rest(_ request: WireRequest) throws(WireFault) -> WireInput {
        guard let name = route.operation.input else { return WireInput(members: .object([:])) }
        let shape = model.shape(name)
        var input = try body(request, shape)
        guard case .object(var members) = input.members else { return input }
        for member in shape.members {
            let value: JSONValue?
            switch member.location {
            case "uri":
                value = route.labels[member.wireName].map { Scalars.value($0, model.shape(of: member)) }
            case "querystring": value = queryValue(member, request)
            case "header": value = headerValue(member, request)
            case "headers": value = headerMap(member, request)
            default: continue
            }
            members[member.name] = value
        }
        input.members = .object(members)
        return input
    }

    /// The members that are in the body.
    private func body(_ request: WireRequest, _ shape: Shape) throws(WireFault) -> WireInput {
        let names = shape.members.filter { $0.location == nil }
        if let payload = shape.payload.flatMap({ shape.member($0) }) {
            let target = model.shape(of: payload)
            guard target.kind == .structure else {
                return WireInput(members: .object([:]), payload: (payload.name, request.body))
            }
            if request.body.isEmpty { return WireInput(members: .object([:])) }
            let value =
                route.wire == .restXML
                ? try XMLMembers(model).value(XMLReader.root(of: request.body), target)
                : try Self.json(request.body)
            return WireInput(members: .object([payload.name: value]))
        }
        if request.body.isEmpty || names.isEmpty { return WireInput(members: .object([:])) }
        if route.wire == .restXML {
            return WireInput(members: try XMLMembers(model).value(XMLReader.root(of: request.body), shape))
        }
        let value = try Self.json(request.body)
        guard case .object(var members) = value else { return WireInput(members: value) }
        for member in names where member.wireName != member.name {
            members[member.name] = members.removeValue(forKey: member.wireName)
        }
        return WireInput(members: .object(members))
    }

    private func queryValue(_ member: Member, _ request: WireRequest) -> JSONValue? {
        let values = request.query.filter { $0.name == member.wireName }.map(\.value)
        let shape = model.shape(of: member)
        if let element = shape.element {
            return values.isEmpty ? nil : .array(values.map { Scalars.value($0, model.shape(of: element)) })
        }
        return values.first.map { Scalars.value($0, shape, member.timestampFormat) }
    }

    private func headerValue(_ member: Member, _ request: WireRequest) -> JSONValue? {
        guard let text = request.header(member.wireName.lowercased()) else { return nil }
        let shape = model.shape(of: member)
        if let element = shape.element {
            let parts = text.split(separator: ",").map { $0.drop { $0 == " " } }
            return .array(parts.map { Scalars.value(String($0), model.shape(of: element)) })
        }
        return Scalars.value(text, shape, member.timestampFormat)
    }

    /// All headers that begin as the member says, by what follows.
    private func headerMap(_ member: Member, _ request: WireRequest) -> JSONValue? {
        let prefix = member.wireName.lowercased()
        var values: [String: JSONValue] = [:]
        for header in request.headers where header.name.lowercased().hasPrefix(prefix) {
            values[String(header.name.lowercased().dropFirst(prefix.count))] = .string(header.value)
        }
        return values.isEmpty ? nil : .object(values)
    }
}
