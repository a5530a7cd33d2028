/// An element of the small XML documents that S3 answers with. Attributes, comments and namespaces do not
/// count.
struct XMLElement {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// The text of a child; `nil` where there is none of that name.
    func text(_ name: String) -> String? { children.first { $0.name == name }?.text }

    /// - Returns: `nil` for what is no such document.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var open: [XMLElement] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            if !open.isEmpty { open[open.count - 1].text += Self.decoded(rest[..<start]) }
            guard let end = rest[start...].firstIndex(of: ">") else { return nil }
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
            let isClosing = tag.hasPrefix("/")
            if !isClosing {
                let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
                open.append(XMLElement(name: String(name)))
            }
            guard isClosing || tag.hasSuffix("/") else { continue }
            guard let closed = open.popLast(), !isClosing || tag.dropFirst() == closed.name else {
                return nil
            }
            guard !open.isEmpty else {
                self = closed
                return
            }
            open[open.count - 1].children.append(closed)
        }
        return nil
    }

    private init(name: String) { self.name = name }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var out = ""
        var rest = text
        while let start = rest.firstIndex(of: "&"), let end = rest[start...].firstIndex(of: ";") {
            out += rest[..<start]
            let name = rest[rest.index(after: start)..<end]
            out += character(name).map(String.init) ?? "&\(name);"
            rest = rest[rest.index(after: end)...]
        }
        return out + rest
    }

    private static func character(_ name: Substring) -> Character? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let isHexadecimal = name.hasPrefix("#x")
            guard name.hasPrefix("#"),
                let value = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10)
            else { return nil }
            return Unicode.Scalar(value).map { Character($0) }
        }
    }
}
