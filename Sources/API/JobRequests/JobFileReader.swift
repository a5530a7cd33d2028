import ServiceModels
import Diagnostics
import FoundationEssentials
import JSON
import SageMakerShapes
import Yams

/// Turns the nodes of a YAML or JSON text into a request, guided by the request's shape.
struct JobFileReader {
    static let requestShape = "CreateTrainingJobRequest"
    let path: String
    private let model = ServiceModel.of(.sagemaker)

    init(path: String) { self.path = path }

    /// - Throws: `LockstepError(.configuration)` naming line and field.
    func read(_ text: String) throws -> JSONValue {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw syntaxError(error)
        }
        guard let node, node.mapping != nil else {
            throw LockstepError(
                .configuration,
                "\(path) is no job: it has to be a YAML or JSON object with AlgorithmSpecification, "
                    + "InputDataConfig and OutputDataConfig")
        }
        return try value(of: node, model.shape(Self.requestShape), field: "")
    }

    private func value(of node: Node, _ shape: Shape, field: String) throws -> JSONValue {
        if isNull(node) { return .null }
        switch shape.kind {
        case .structure: return try structure(node, shape.members, field)
        case .list:
            guard let sequence = node.sequence else { throw mismatch(node, field, "a list") }
            guard let element = shape.element.map(model.shape(of:)) else { return .array([]) }
            return .array(
                try sequence.enumerated().map { try value(of: $1, element, field: "\(field)[\($0)]") })
        case .map: return try map(node, field)
        case .string, .timestamp, .blob:
            guard let scalar = node.scalar else { throw mismatch(node, field, "text") }
            return .string(scalar.string)
        case .integer, .long:
            guard let number = node.scalar.flatMap({ Self.wholeNumber($0.string) }) else {
                throw mismatch(node, field, "a whole number")
            }
            return .integer(number)
        case .float, .double:
            guard let number = node.scalar.flatMap({ Double($0.string) }), number.isFinite else {
                throw mismatch(node, field, "a number")
            }
            return .number(number)
        case .boolean:
            guard node.scalar != nil, let flag = node.bool else {
                throw mismatch(node, field, "true or false")
            }
            return .bool(flag)
        case .document: return try anything(node, field)
        }
    }

    /// `2`, and `2.0` as other programs write it.
    private static func wholeNumber(_ text: String) -> Int? {
        Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    private func structure(
        _ node: Node, _ members: [Member], _ field: String
    ) throws -> JSONValue {
        guard let mapping = node.mapping else { throw mismatch(node, field, "an object") }
        var values: [String: JSONValue] = [:]
        for (key, child) in mapping {
            let name = key.scalar?.string ?? ""
            guard let member = members.first(where: { $0.name == name }) else {
                throw unknown(name, at: key, among: members.map(\.name), in: field)
            }
            let childField = field.isEmpty ? name : field + "." + name
            let read = try value(of: child, model.shape(of: member), field: childField)
            if read != .null { values[name] = read }
        }
        return .object(values)
    }

    /// Names and texts; a list or object as value becomes its JSON text.
    private func map(_ node: Node, _ field: String) throws -> JSONValue {
        guard let mapping = node.mapping else { throw mismatch(node, field, "names with values") }
        var values: [String: JSONValue] = [:]
        for (key, child) in mapping {
            let name = key.scalar?.string ?? ""
            if let scalar = child.scalar {
                values[name] = .string(scalar.string)
            } else {
                values[name] = .string(try anything(child, "\(field).\(name)").text())
            }
        }
        return .object(values)
    }

    private func anything(_ node: Node, _ field: String) throws -> JSONValue {
        if let sequence = node.sequence {
            return .array(try sequence.map { try anything($0, field) })
        }
        if let mapping = node.mapping {
            var values: [String: JSONValue] = [:]
            for (key, child) in mapping {
                let name = key.scalar?.string ?? ""
                values[name] = try anything(child, "\(field).\(name)")
            }
            return .object(values)
        }
        guard let scalar = node.scalar else { throw mismatch(node, field, "a value") }
        if scalar.style != .plain { return .string(scalar.string) }
        if isNull(node) { return .null }
        if let flag = node.bool { return .bool(flag) }
        if let number = Int(scalar.string) { return .integer(number) }
        if let number = Double(scalar.string), number.isFinite { return .number(number) }
        return .string(scalar.string)
    }

    private func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private func mismatch(_ node: Node, _ field: String, _ wanted: String) -> LockstepError {
        let found = node.scalar.map { "'\($0.string)'" } ?? (node.sequence != nil ? "a list" : "an object")
        return LockstepError(
            .configuration, "\(place(node.mark)): \(field) is \(found), but has to be \(wanted)")
    }

    private func unknown(
        _ name: String, at node: Node, among members: [String], in field: String
    ) -> LockstepError {
        let owner = field.isEmpty ? "a training job" : field
        let hint =
            if let nearest = NameDistance.nearest(to: name, among: members) {
                "did you mean \(nearest)?"
            } else if members.isEmpty {
                "it has none"
            } else {
                "its members are \(members.joined(separator: ", "))"
            }
        return LockstepError(
            .configuration, "\(place(node.mark)): \(owner) has no member \(name); \(hint)")
    }

    private func syntaxError(_ error: YamlError) -> LockstepError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return LockstepError(
                .configuration, "\(place(mark)): no valid YAML or JSON: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.joined(separator: ", ")
            return LockstepError(
                .configuration, "\(place(context.mark)): \(names) stands there twice")
        default:
            return LockstepError(.configuration, "\(path): no valid YAML or JSON", cause: error)
        }
    }

    private func place(_ mark: Mark?) -> String {
        mark.map { "\(path) line \($0.line)" } ?? path
    }
}
