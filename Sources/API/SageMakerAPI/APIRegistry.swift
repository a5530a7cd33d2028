public import ServiceModels

/// The operations that this API answers.
public struct APIRegistry: Sendable {
    private struct Key: Hashable {
        let service: ServiceName
        let operation: String
    }

    /// All handlers, in the order they were given in.
    public let handlers: [any APIHandler]
    private let handlerByKey: [Key: any APIHandler]

    /// - Precondition: no two handlers are of one operation.
    public init(_ handlers: [any APIHandler]) {
        self.handlers = handlers
        handlerByKey = Dictionary(
            uniqueKeysWithValues: handlers.map { (Key(service: $0.service, operation: $0.operation), $0) })
    }

    /// The handler of an operation; `nil` when it is not offered.
    public func handler(of operation: String, in service: ServiceName) -> (any APIHandler)? {
        handlerByKey[Key(service: service, operation: operation)]
    }
}
