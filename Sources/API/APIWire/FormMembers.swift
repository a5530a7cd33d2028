import JSON
import ServiceModels

/// The names of a form as a tree: `Tags.member.1.Key` is four nodes deep.
struct FormNode {
    var text: String?
    var children: [String: FormNode] = [:]

    init(_ pairs: [(name: String, value: String)]) {
        for pair in pairs { set(pair.value, at: pair.name.split(separator: ".")[...]) }
    }

    private init() {}

    private mutating func set(_ value: String, at path: ArraySlice<Substring>) {
        guard let first = path.first else {
            text = value
            return
        }
        children[String(first), default: FormNode()].set(value, at: path.dropFirst())
    }

    /// The children named by numbers, in their order.
    var elements: [FormNode] {
        children.compactMap { name, node in Int(name).map { (number: $0, node: node) } }
            .sorted { $0.number < $1.number }.map(\.node)
    }
}

/// Members out of a form of the Query protocol.
struct FormMembers {
    private let model: ServiceModel

    init(_ model: ServiceModel) { self.model = model }

    /// The value of a node; `nil` where nothing is.
    func value(_ node: FormNode, _ shape: Shape) -> JSONValue? {
        switch shape.kind {
        case .structure: return structure(node, shape)
        case .list: return list(node, shape)
        case .map: return map(node, shape)
        default: return node.text.map { Scalars.value($0, shape) }
        }
    }

    private func structure(_ node: FormNode, _ shape: Shape) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for member in shape.members {
            let target = model.shape(of: member)
            let isFlattened = target.isFlattened || member.isFlattened
            let name = isFlattened ? target.element?.locationName ?? member.wireName : member.wireName
            members[member.name] = node.children[name].flatMap { value($0, target) }
        }
        return .object(members)
    }

    private func list(_ node: FormNode, _ shape: Shape) -> JSONValue {
        guard let element = shape.element else { return .array([]) }
        let holder = shape.isFlattened ? node : node.children[element.locationName ?? "member"]
        let target = model.shape(of: element)
        return .array((holder?.elements ?? []).compactMap { value($0, target) })
    }

    private func map(_ node: FormNode, _ shape: Shape) -> JSONValue {
        guard let key = shape.key, let content = shape.value else { return .object([:]) }
        let holder = shape.isFlattened ? node : node.children["entry"]
        var members: [String: JSONValue] = [:]
        for entry in holder?.elements ?? [] {
            guard let name = entry.children[key.locationName ?? "key"]?.text,
                let child = entry.children[content.locationName ?? "value"]
            else { continue }
            members[name] = value(child, model.shape(of: content))
        }
        return .object(members)
    }
}
