package import ServiceModels

/// Where a request goes.
package struct Route: Sendable {
    package let model: ServiceModel
    /// The operation's name.
    package let name: String
    package let operation: OperationModel
    package let wire: WireProtocol
    /// What stands in the path in place of the operation's labels, decoded.
    package let labels: [String: String]

    init?(_ model: ServiceModel, _ name: String, _ wire: WireProtocol, labels: [String: String] = [:]) {
        guard let operation = model.operation(name) else { return nil }
        self.model = model
        self.name = name
        self.operation = operation
        self.wire = wire
        self.labels = labels
    }
}

/// Tells by its head which operation a request is of: by X-Amz-Target, by Action in a form, by the service in
/// the scope of its credentials, by method and path.
package enum APIRouter {
    /// What can be told from the head alone.
    package enum Destination: Sendable {
        case operation(Route)
        /// A form: the body has to be read first, then `route(ofForm:)` tells.
        case form
    }

    package static func destination(of request: WireRequest) throws(WireFault) -> Destination {
        if let target = request.header("x-amz-target") {
            guard request.method == "POST", request.path == "/" else { throw nowhere(request) }
            return .operation(try route(ofTarget: target))
        }
        let asksByQuery = request.method == "GET" && request.path == "/" && request.hasQuery("Action")
        if request.method == "POST", request.path == "/", request.isForm { return .form }
        if asksByQuery { return .operation(try route(ofForm: request)) }
        for service in candidates(for: request) {
            if let route = RESTRoutes.of(service).route(of: request) { return .operation(route) }
        }
        throw request.method == "POST" && request.path == "/" ? .unnamed : nowhere(request)
    }

    private static func nowhere(_ request: WireRequest) -> WireFault {
        .nowhere("\(request.method) \(request.path.prefix(200))")
    }

    /// How to tell a caller of an error whose request goes nowhere.
    package static func likelyWire(of request: WireRequest) -> WireProtocol {
        if request.header("x-amz-target") != nil { return .awsJSON }
        if request.isForm || request.hasQuery("Action") { return .query }
        return request.signingName == ServiceName.s3.rawValue ? .restXML : .awsJSON
    }

    private static func route(ofTarget target: String) throws(WireFault) -> Route {
        let parts = target.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let service = serviceByTarget[parts[0]] else {
            throw target.isEmpty ? .unnamed : .unknown(operation: target, service: nil)
        }
        let model = ServiceModel.of(service)
        guard let route = Route(model, parts[1], .awsJSON) else {
            throw .unknown(operation: parts[1], service: model.metadata.serviceId)
        }
        return route
    }

    /// The route of a form, by Action, and by scope or Version where several services speak so.
    package static func route(ofForm request: WireRequest) throws(WireFault) -> Route {
        let pairs =
            request.query
            + (request.isForm ? FormText.pairs(String(decoding: request.body, as: UTF8.self)) : [])
        guard let action = pairs.first(where: { $0.name == "Action" })?.value else { throw .unnamed }
        let version = pairs.first { $0.name == "Version" }?.value
        let models = queryServices.map(ServiceModel.of)
        let model =
            models.first { signingName($0) == request.signingName }
            ?? models.first { $0.metadata.apiVersion == version && $0.operation(action) != nil }
        guard let model else { throw .unknown(operation: action, service: nil) }
        guard let route = Route(model, action, .query) else {
            throw .unknown(operation: action, service: model.metadata.serviceId)
        }
        return route
    }

    /// Services of the REST protocols that may be meant. Only credentials can tell that S3 is, whose paths
    /// may be anything.
    private static func candidates(for request: WireRequest) -> [ServiceName] {
        guard let scope = request.signingName else { return restServices.filter { $0 != .s3 } }
        return restServices.filter { signingName(ServiceModel.of($0)) == scope }
    }

    private static func signingName(_ model: ServiceModel) -> String? {
        model.metadata.signingName ?? model.metadata.endpointPrefix
    }

    private static func services(speaking wire: WireProtocol) -> [ServiceName] {
        ServiceName.all.filter { ServiceModel.of($0).metadata.protocols.contains(wire.rawValue) }
    }

    private static let restServices = services(speaking: .restJSON) + services(speaking: .restXML)
    private static let queryServices = services(speaking: .query)
    private static let serviceByTarget: [String: ServiceName] = Dictionary(
        services(speaking: .awsJSON).compactMap { name in
            ServiceModel.of(name).metadata.targetPrefix.map { ($0, name) }
        }, uniquingKeysWith: { first, _ in first })
}
