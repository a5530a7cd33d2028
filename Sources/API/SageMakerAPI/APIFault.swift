public import Diagnostics
import SageMakerShapes

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

    static func unknownOperation(_ message: String, status: Int = 400) -> APIFault {
        APIFault(type: "UnknownOperationException", status: status, message: message, code: .usage)
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

/// The one place where errors of the coordinator get SageMaker's names.
extension APIFault {
    init(_ error: any Error, target: String) {
        if let fault = error as? APIFault {
            self = fault
        } else if let error = error as? LockstepError {
            self.init(error, isLogsCall: target.hasPrefix("Logs_"))
        } else {
            self.init(
                type: "InternalFailure", status: 500,
                message: "\(target) failed: \(error)", code: .bug)
        }
    }

    private init(_ error: LockstepError, isLogsCall: Bool) {
        let type: String
        var status = 400
        var message = error.description
        switch error.code {
        case .notFound where isLogsCall:
            type = "ResourceNotFoundException"
        case .usage where isLogsCall, .configuration where isLogsCall:
            type = "InvalidParameterException"
        case .notFound:
            // SageMaker says neither which resource nor ResourceNotFound here, and clients rely on it.
            type = "ValidationException"
            message = "Requested resource not found."
        case .usage, .configuration, .data, .numerics, .mismatch:
            type = "ValidationException"
        case .conflict:
            type = "ResourceInUse"
        case .denied:
            type = "AccessDeniedException"
        case .io, .full, .network:
            // Clients try these again by themselves.
            type = "ServiceUnavailable"
            status = 503
        default:
            type = "InternalFailure"
            status = 500
        }
        self.init(type: type, status: status, message: message, code: error.code)
    }
}
