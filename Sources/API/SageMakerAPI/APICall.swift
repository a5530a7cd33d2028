import Diagnostics
import JobLifecycle
import SageMakerShapes

/// One request to the API, with all that an operation needs to answer it.
struct APICall: Sendable {
    let service: any JobService
    /// Twelve digits.
    let accountID: String
    /// Region of the client's credentials; ARNs carry it.
    let region: String
    let body: JSONValue
    /// The request as received.
    let bodyText: String
    /// Constant over the retries of one call.
    let invocationID: String?

    func trainingJobArn(_ name: String) -> String {
        "arn:aws:sagemaker:\(region):\(accountID):training-job/\(name)"
    }

    func logStreamArn(_ name: String) -> String {
        "arn:aws:logs:\(region):\(accountID):log-group:\(TrainingLogs.group):log-stream:\(name)"
    }
}

/// An operation of the API: its name on the wire, the limits of its request, and what it does.
protocol APIOperation: Sendable {
    associatedtype Input: Decodable
    associatedtype Output: Encodable
    /// X-Amz-Target, `SageMaker.CreateTrainingJob`.
    static var target: String { get }
    static var shape: RequestShape { get }
    static func run(_ input: Input, _ call: APICall) async throws -> Output
}

extension APIOperation {
    /// Checks the request, runs the operation and gives its answer as JSON text.
    static func answer(_ call: APICall) async throws -> String {
        let check = RequestCheck(call.body, against: shape)
        let isLogsCall = target.hasPrefix("Logs_")
        if let message = check.typeMismatch { throw APIFault.serialization(message) }
        if let message = check.validationMessage {
            throw isLogsCall ? APIFault.invalidParameter(message) : APIFault.validation(message)
        }
        let input = try call.body.decode(Input.self)
        return try JSONValue(encoding: await run(input, call)).text()
    }
}

/// An empty request or answer.
struct NoMembers: Codable {}
