import JSON
import ServiceModels

/// Members as XML, by their shapes and in the shapes' order.
struct XMLText {
    private let model: ServiceModel

    init(_ model: ServiceModel) { self.model = model }

    static let declaration = #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"

    /// `<name>content</name>`.
    static func element(_ name: String, _ content: String, attributes: String = "") -> String {
        let tag = name.split(separator: " ").first.map(String.init) ?? name
        return content.isEmpty ? "<\(name)\(attributes)/>" : "<\(name)\(attributes)>\(content)</\(tag)>"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\r": result += "&#13;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            // XML has no way to write these.
            case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The members of a structure that belong into the body, each an element.
    func members(_ value: JSONValue, _ shape: Shape) -> String {
        shape.members.map { member in
            guard member.location == nil, !member.isXMLAttribute, let content = value[member.name] else {
                return ""
            }
            let target = model.shape(of: member)
            if target.isFlattened || member.isFlattened {
                return flattened(content, target, member)
            }
            return element(
                member.wireName, content, target, format: member.timestampFormat,
                attributes(content, target, member))
        }.joined()
    }

    private func flattened(_ value: JSONValue, _ shape: Shape, _ member: Member) -> String {
        if let element = shape.element {
            let target = model.shape(of: element)
            let name = element.locationName ?? member.wireName
            return (value.array ?? []).map { self.element(name, $0, target) }.joined()
        }
        return entries(value, shape).map { Self.element(member.wireName, $0) }.joined()
    }

    private func element(
        _ name: String, _ value: JSONValue, _ shape: Shape, format: String? = nil, _ attributes: String = ""
    ) -> String {
        Self.element(name, content(value, shape, format), attributes: attributes)
    }

    private func content(_ value: JSONValue, _ shape: Shape, _ format: String?) -> String {
        switch shape.kind {
        case .structure: return members(value, shape)
        case .list:
            guard let element = shape.element else { return "" }
            let target = model.shape(of: element)
            return (value.array ?? []).map { self.element(element.locationName ?? "member", $0, target) }
                .joined()
        case .map: return entries(value, shape).map { Self.element("entry", $0) }.joined()
        default:
            return Self.escaped(Scalars.text(value, shape, format ?? shape.timestampFormat ?? "iso8601"))
        }
    }

    private func entries(_ value: JSONValue, _ shape: Shape) -> [String] {
        guard let key = shape.key, let content = shape.value else { return [] }
        let target = model.shape(of: content)
        return (value.object ?? [:]).sorted { $0.key < $1.key }.map { name, child in
            Self.element(key.locationName ?? "key", Self.escaped(name))
                + element(content.locationName ?? "value", child, target)
        }
    }

    /// Members that XML carries as attributes of their structure's element.
    private func attributes(_ value: JSONValue, _ shape: Shape, _ member: Member) -> String {
        guard shape.kind == .structure else { return "" }
        let namespace = (member.xmlNamespace ?? shape.xmlNamespace).map { space in
            space.prefix.map { " xmlns:\($0)=\"\(space.uri)\"" } ?? " xmlns=\"\(space.uri)\""
        }
        return shape.members.reduce(into: namespace ?? "") { text, inner in
            guard inner.isXMLAttribute, let content = value[inner.name]?.string else { return }
            text += " \(inner.wireName)=\"\(Self.escaped(content))\""
        }
    }
}
