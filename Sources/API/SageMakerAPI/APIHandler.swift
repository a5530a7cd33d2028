public import JSON
public import ServiceModels

/// Answers one operation of the API: a value that holds what it needs to do so.
public protocol APIHandler: Sendable {
    /// Whose operation it is.
    var service: ServiceName { get }
    /// The operation's name in its service's model, `CreateTrainingJob`.
    var operation: String { get }
    /// What docs/api-coverage.md says of it: that it works, unless the handler says otherwise.
    var standing: OperationStanding { get }
    /// The members of the answer; `call.body` has passed the checks of the operation's model.
    ///
    /// - Throws: `APIFault`, or a `LockstepError`, which gets the name that clients know.
    func answer(_ call: APICall) async throws -> JSONValue
}

extension APIHandler {
    public var standing: OperationStanding { .works }
}

/// A handler with types of its own for request and answer.
protocol TypedHandler: APIHandler {
    associatedtype Input: Decodable
    associatedtype Output: Encodable
    func answer(_ input: Input, _ call: APICall) async throws -> Output
}

extension TypedHandler {
    func answer(_ call: APICall) async throws -> JSONValue {
        try JSONValue(encoding: await answer(call.body.decode(Input.self), call))
    }
}

/// An empty request or answer.
struct NoMembers: Codable {}
