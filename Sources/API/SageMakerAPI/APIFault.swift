import APIWire
public import Diagnostics
import SageMakerShapes
import ServiceModels

/// An error as SageMaker's clients know it: a name, an HTTP status and a message.
public struct APIFault: Error, Equatable {
    /// The name, `ValidationException`.
    public var type: String
    /// HTTP status; clients repeat calls that are answered with 500 and more.
    public var status: Int
    public var message: String
    /// Code of the `LockstepError` behind it.
    public var code: LockstepError.Code?

    public init(type: String, status: Int = 400, message: String, code: LockstepError.Code? = nil) {
        self.type = type
        self.status = status
        self.message = message
        self.code = code
    }

    public static func validation(_ message: String, code: LockstepError.Code = .configuration) -> APIFault {
        APIFault(type: "ValidationException", message: message, code: code)
    }

    static func serialization(_ message: String) -> APIFault {
        APIFault(type: "SerializationException", message: message, code: .usage)
    }

    /// An operation that nobody answers; clients do not try it again.
    static func unknownOperation(_ message: String, status: Int = 400) -> APIFault {
        APIFault(type: "UnknownOperationException", status: status, message: message, code: .usage)
    }

    /// A request that breaks a limit of its service's model, under the name that the service has for it.
    static func validation(_ message: String, in service: ServiceName) -> APIFault {
        APIFault(
            type: FaultNames(service).validation, message: message,
            code: service == .logs ? .usage : .configuration)
    }

    /// What CloudWatch Logs answers where SageMaker says ValidationException.
    static func invalidParameter(_ message: String) -> APIFault {
        APIFault(type: "InvalidParameterException", message: message, code: .usage)
    }

    static func logsNotFound(_ message: String) -> APIFault {
        APIFault(type: "ResourceNotFoundException", message: message, code: .notFound)
    }

    /// A message that repeats something of the request stays short all the same.
    private static let mostCharacters = 8192

    var body: APIErrorBody {
        let isLong = message.utf8.count > Self.mostCharacters
        let text = isLong ? message.prefix(Self.mostCharacters) + "…" : message
        return APIErrorBody(type: type, message: text, code: code?.rawValue)
    }
}

/// The one place where errors of the coordinator get AWS's names.
extension APIFault {
    /// - Parameter route: where the request went; `nil` when it went nowhere.
    init(_ error: any Error, _ route: Route?) {
        let service = route?.model.name ?? .sagemaker
        switch error {
        case let fault as APIFault: self = fault
        case let fault as WireFault: self.init(fault)
        case let error as LockstepError: self.init(error, in: service)
        default:
            self.init(
                type: "InternalFailure", status: 500,
                message: "\(route?.name ?? "The call") failed: \(error)",
                code: .bug)
        }
    }

    private init(_ fault: WireFault) {
        switch fault {
        case .nowhere(let place):
            self = .unknownOperation(
                "There is nothing at \(place): calls of most services are POST / with the operation in "
                    + "X-Amz-Target", status: 404)
        case .unnamed:
            self = .unknownOperation("The request names no operation: X-Amz-Target is missing")
        case .unknown(let operation, let service):
            self = OfferedOperations.unknown(operation, service: service)
        case .malformed(let message): self = .serialization(message)
        }
    }

    private init(_ error: LockstepError, in service: ServiceName) {
        let names = FaultNames(service)
        var (type, status, message) = (names.validation, 400, error.description)
        switch error.code {
        case .notFound:
            type = names.notFound
            // SageMaker says neither which resource nor ResourceNotFound here, and clients rely on it.
            if service == .sagemaker || service == .lockstep { message = "Requested resource not found." }
        case .usage, .configuration, .data, .numerics, .mismatch: break
        case .conflict: type = names.conflict
        case .denied: type = "AccessDeniedException"
        // Clients try these again by themselves.
        case .io, .full, .network: (type, status) = ("ServiceUnavailable", 503)
        default: (type, status) = ("InternalFailure", 500)
        }
        self.init(type: type, status: status, message: message, code: error.code)
    }
}
