import JSON
import SageMakerAPI
import ServiceModels

/// Answers an operation with what a test gives it, and remembers what it was asked.
struct EchoHandler: APIHandler {
    let service: ServiceName
    let operation: String
    let answer: @Sendable (APICall) async throws -> JSONValue

    init(
        _ service: ServiceName, _ operation: String,
        _ answer: @escaping @Sendable (APICall) async throws -> JSONValue = { _ in .object([:]) }
    ) {
        self.service = service
        self.operation = operation
        self.answer = answer
    }

    func answer(_ call: APICall) async throws -> JSONValue { try await answer(call) }
}

/// The calls that handlers of a test were asked, as `OPERATION MEMBERS`.
actor CallLog {
    private(set) var lines: [String] = []
    func add(_ operation: String, _ call: APICall) throws {
        lines.append("\(operation) \(try call.body.text())")
    }
}
