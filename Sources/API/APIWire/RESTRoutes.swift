import ServiceModels
import Synchronization

/// The operations of one REST service by method and path.
struct RESTRoutes: Sendable {
    private let model: ServiceModel
    private let wire: WireProtocol
    private let entries: [Entry]

    /// An operation's place.
    private struct Entry: Sendable {
        let name: String
        let method: String
        let segments: [Segment]
        /// Parameters that tell the operation; with a value, those with that one.
        let query: [(name: String, value: String?)]
        /// Members that every request has, in the query and in headers, there in lower case. Between
        /// operations of one place they tell which is meant; of one alone the check says what is missing.
        let requiredQuery: [String]
        let requiredHeaders: [String]

        /// The more a place demands, the more likely it is the one that is meant.
        var weight: Int {
            let literals = segments.count { if case .literal = $0 { true } else { false } }
            return segments.count * 1000 + literals * 100 + query.count * 10 + requiredQuery.count
                + requiredHeaders.count
        }
    }

    private enum Segment: Sendable, Equatable {
        case literal(String)
        case label(String)
        /// The rest of the path.
        case rest(String)
    }

    private static let tables = Mutex<[ServiceName: RESTRoutes]>([:])

    /// - Precondition: the service speaks one of the REST protocols.
    static func of(_ service: ServiceName) -> RESTRoutes {
        tables.withLock { tables in
            if let table = tables[service] { return table }
            let table = RESTRoutes(ServiceModel.of(service))
            tables[service] = table
            return table
        }
    }

    private init(_ model: ServiceModel) {
        self.model = model
        wire = model.metadata.protocols.contains(WireProtocol.restXML.rawValue) ? .restXML : .restJSON
        entries = model.operationNames.compactMap { Self.entry($0, model) }.sorted {
            ($1.weight, $0.name) < ($0.weight, $1.name)
        }
    }

    func route(of request: WireRequest) -> Route? {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true)
        var incomplete: Route?
        for entry in entries where entry.method == request.method {
            guard let labels = Self.labels(entry.segments, parts, request.path),
                entry.query.allSatisfy({ wanted in
                    request.query.contains {
                        $0.name == wanted.name && (wanted.value == nil || $0.value == wanted.value)
                    }
                })
            else { continue }
            let route = Route(model, entry.name, wire, labels: labels)
            if entry.requiredQuery.allSatisfy(request.hasQuery),
                entry.requiredHeaders.allSatisfy({ request.header($0) != nil })
            {
                return route
            }
            incomplete = incomplete ?? route
        }
        return incomplete
    }

    private static func labels(
        _ segments: [Segment], _ parts: [Substring], _ path: String
    ) -> [String: String]? {
        var labels: [String: String] = [:]
        for (index, segment) in segments.enumerated() {
            guard index < parts.count else { return nil }
            switch segment {
            case .literal(let text):
                if parts[index] != text { return nil }
            case .label(let name): labels[name] = FormText.decoded(parts[index])
            case .rest(let name):
                // From the path itself: a key may have empty parts and end with a slash.
                labels[name] = FormText.decoded(path[parts[index].startIndex...])
                return labels
            }
        }
        return segments.count == parts.count ? labels : nil
    }

    private static func entry(_ name: String, _ model: ServiceModel) -> Entry? {
        guard let operation = model.operation(name) else { return nil }
        let sides = operation.uri.split(separator: "?", maxSplits: 1)
        let segments = (sides.first ?? "").split(separator: "/").map { part -> Segment in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let label = part.dropFirst().dropLast()
            return label.hasSuffix("+") ? .rest(String(label.dropLast())) : .label(String(label))
        }
        var query: [(name: String, value: String?)] = []
        for pair in sides.count > 1 ? sides[1].split(separator: "&") : [] {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            query.append((parts[0], parts.count > 1 ? parts[1] : nil))
        }
        let required = operation.input.map { model.shape($0).members.filter(\.isRequired) } ?? []
        return Entry(
            name: name, method: operation.method, segments: segments, query: query,
            requiredQuery: required.filter { $0.location == "querystring" }.map(\.wireName),
            requiredHeaders: required.filter { $0.location == "header" }.map { $0.wireName.lowercased() })
    }
}
