import JSON
import ServiceModels

/// Members out of XML, by their shapes.
struct XMLMembers {
    private let model: ServiceModel

    init(_ model: ServiceModel) { self.model = model }

    func value(_ element: XMLElement, _ shape: Shape, _ timestampFormat: String? = nil) -> JSONValue {
        switch shape.kind {
        case .structure: return structure(element, shape)
        case .list:
            return list(element.children.filter { $0.name == shape.element?.locationName ?? "member" }, shape)
        case .map: return map(element.children.filter { $0.name == "entry" }, shape)
        default: return Scalars.value(element.text, shape, timestampFormat)
        }
    }

    private func structure(_ element: XMLElement, _ shape: Shape) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for member in shape.members where member.location == nil {
            let target = model.shape(of: member)
            if member.isXMLAttribute {
                let name = member.wireName.split(separator: ":").last.map(String.init) ?? member.wireName
                members[member.name] = element.attributes[name].map { .string($0) }
                continue
            }
            let isFlattened = target.isFlattened || member.isFlattened
            if isFlattened, target.kind == .list || target.kind == .map {
                let name = target.element?.locationName ?? member.wireName
                let found = element.children.filter { $0.name == name }
                if !found.isEmpty {
                    members[member.name] = target.kind == .list ? list(found, target) : map(found, target)
                }
            } else if let child = element.first(member.wireName) {
                members[member.name] = value(child, target, member.timestampFormat)
            }
        }
        return .object(members)
    }

    private func list(_ elements: [XMLElement], _ shape: Shape) -> JSONValue {
        guard let element = shape.element else { return .array([]) }
        return .array(elements.map { value($0, model.shape(of: element)) })
    }

    private func map(_ entries: [XMLElement], _ shape: Shape) -> JSONValue {
        guard let key = shape.key, let content = shape.value else { return .object([:]) }
        var members: [String: JSONValue] = [:]
        for entry in entries {
            guard let name = entry.first(key.locationName ?? "key"),
                let child = entry.first(content.locationName ?? "value")
            else { continue }
            members[name.text] = value(child, model.shape(of: content))
        }
        return .object(members)
    }
}
