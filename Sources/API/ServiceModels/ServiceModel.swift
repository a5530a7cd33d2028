import FoundationEssentials
import JSON
import Synchronization

/// A service of AWS's, or Lockstep's own: its operations and shapes as data.
///
/// Nothing is read before it is asked for, and then only the line that describes it.
public final class ServiceModel: Sendable {
    public let name: ServiceName
    public let metadata: Metadata
    private let file: ModelFile
    private let shapes = Mutex<[String: Shape]>([:])
    private let operations = Mutex<[String: OperationModel]>([:])

    /// What a service's clients have to know.
    public struct Metadata: Sendable, Decodable {
        /// Its protocol that its clients prefer.
        public let `protocol`: String
        /// All that it speaks.
        public let protocols: [String]
        public let serviceId: String
        public let apiVersion: String?
        public let endpointPrefix: String?
        public let signingName: String?
        /// Stands before the operation in X-Amz-Target.
        public let targetPrefix: String?
        public let xmlNamespace: String?
        public let jsonVersion: String?
    }

    private static let models = Mutex<[ServiceName: ServiceModel]>([:])

    /// The model of a service.
    ///
    /// - Precondition: `name` is one of `ServiceName.all`.
    public static func of(_ name: ServiceName) -> ServiceModel {
        models.withLock { models in
            if let model = models[name] { return model }
            let model = ServiceModel(name)
            models[name] = model
            return model
        }
    }

    private init(_ name: ServiceName) {
        self.name = name
        file = ModelFile(name.rawValue)
        metadata = Self.decode(Metadata.self, file.single("metadata") ?? Data(), "metadata of \(name)")
    }

    /// Names of all operations, in order.
    public var operationNames: [String] { file.names(in: "operations") }
    /// Names of all shapes, in order, without those that are Lockstep's own.
    public var shapeNames: [String] { file.names(in: "shapes") }

    /// An operation; `nil` when the service has none of that name.
    public func operation(_ name: String) -> OperationModel? {
        operations.withLock { operations in
            if let operation = operations[name] { return operation }
            guard let bytes = file.entry(name, in: "operations") else { return nil }
            let operation = Self.decode(OperationModel.self, bytes, "\(self.name) \(name)")
            operations[name] = operation
            return operation
        }
    }

    /// A shape, with Lockstep's deviations.
    ///
    /// - Precondition: there is one of that name; a test follows all names.
    public func shape(_ name: String) -> Shape {
        shapes.withLock { shapes in
            if let shape = shapes[name] { return shape }
            let shape = decodeShape(name)
            shapes[name] = shape
            return shape
        }
    }

    /// Whether there is a shape of that name, in AWS's model.
    public func hasShape(_ name: String) -> Bool { file.entry(name, in: "shapes") != nil }

    public func shape(of member: Member) -> Shape { shape(member.shape) }

    private func decodeShape(_ name: String) -> Shape {
        let place = "\(self.name) \(name)"
        let bytes = file.entry(name, in: "shapes")
        guard let patch = Overlay.shared.patch(of: name, in: self.name) else {
            guard let bytes else { preconditionFailure("there is no shape \(place)") }
            return Self.decode(Shape.self, bytes, place)
        }
        do {
            let base = try bytes.map { try JSONValue(parsing: $0) } ?? .object([:])
            return try Overlay.merge(patch, into: base).decode(Shape.self)
        } catch {
            preconditionFailure("the shape \(place) is no shape: \(error)")
        }
    }

    /// - Precondition: the program's own data are in order; a test reads all of them.
    private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: Data, _ what: String) -> Value {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            preconditionFailure("proto/aws: \(what) cannot be read: \(error)")
        }
    }
}
