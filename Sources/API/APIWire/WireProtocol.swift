/// How a service and its clients put calls into HTTP.
package enum WireProtocol: String, Sendable, CaseIterable {
    /// JSON, the operation in X-Amz-Target.
    case awsJSON = "json"
    /// JSON, the operation told by method and path; members also in path, query and headers.
    case restJSON = "rest-json"
    /// The same with XML.
    case restXML = "rest-xml"
    /// A form with Action and the members; the answer is XML.
    case query
}

/// Why a request is not read.
package enum WireFault: Error, Equatable {
    /// Nothing is at this method and path.
    case nowhere(String)
    /// The request names no operation.
    case unnamed
    /// The service has no such operation; `service` is `nil` where the target names no service either.
    case unknown(operation: String, service: String?)
    /// The body is not what the protocol says it has to be.
    case malformed(String)
}
