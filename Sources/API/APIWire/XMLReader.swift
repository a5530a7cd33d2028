/// An element of an XML document; names without their prefix.
struct XMLElement: Equatable {
    var name: String
    var attributes: [String: String] = [:]
    var text = ""
    var children: [XMLElement] = []

    func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}

/// Reads the XML that clients of AWS send: elements, attributes, text. A document type, which could define
/// entities that grow without end, is refused.
struct XMLReader {
    private static let mostDepth = 64

    private let bytes: [UInt8]
    private var index = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: `WireFault.malformed` naming the byte at which it is wrong.
    static func root(of bytes: [UInt8]) throws(WireFault) -> XMLElement {
        var reader = XMLReader(bytes)
        try reader.skipMisc()
        let root = try reader.element(depth: 0)
        try reader.skipMisc()
        guard reader.index == bytes.count else { throw reader.fault("something follows the last element") }
        return root
    }

    private func fault(_ what: String) -> WireFault {
        .malformed("The request is no valid XML: \(what) at byte \(index)")
    }

    private func isNext(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard index + count <= bytes.count else { return false }
        return text.withUTF8Buffer { wanted in (0..<count).allSatisfy { bytes[index + $0] == wanted[$0] } }
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    /// Goes on behind the next `text`.
    private mutating func skip(behind text: StaticString) throws(WireFault) {
        while index < bytes.count {
            if isNext(text) {
                index += text.utf8CodeUnitCount
                return
            }
            index += 1
        }
        throw fault("\(text) is missing")
    }

    /// What may stand around the root.
    private mutating func skipMisc() throws(WireFault) {
        if isNext("\u{FEFF}") { index += 3 }
        while true {
            skipSpace()
            if isNext("<?") {
                try skip(behind: "?>")
            } else if isNext("<!--") {
                try skip(behind: "-->")
            } else {
                return
            }
        }
    }

    private mutating func element(depth: Int) throws(WireFault) -> XMLElement {
        guard depth < Self.mostDepth else { throw fault("it is nested too deeply") }
        guard isNext("<"), !isNext("<!"), !isNext("</") else { throw fault("an element is missing") }
        index += 1
        var element = XMLElement(name: try name())
        while true {
            skipSpace()
            if isNext("/>") {
                index += 2
                return element
            }
            if isNext(">") {
                index += 1
                break
            }
            let key = try name()
            element.attributes[key] = try quoted()
        }
        try content(of: &element, depth: depth)
        return element
    }

    private mutating func content(of element: inout XMLElement, depth: Int) throws(WireFault) {
        while index < bytes.count {
            if isNext("</") {
                index += 2
                guard try name() == element.name else { throw fault("\(element.name) is not closed") }
                skipSpace()
                guard isNext(">") else { throw fault("a > is missing") }
                index += 1
                return
            }
            if isNext("<!--") {
                try skip(behind: "-->")
            } else if isNext("<![CDATA[") {
                let start = index + 9
                try skip(behind: "]]>")
                element.text += String(decoding: bytes[start..<(index - 3)], as: UTF8.self)
            } else if isNext("<") {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                element.text += try text(until: UInt8(ascii: "<"))
            }
        }
        throw fault("\(element.name) is not closed")
    }

    /// A name, without the prefix of its namespace.
    private mutating func name() throws(WireFault) -> String {
        let start = index
        while index < bytes.count, !" \t\r\n=/>\"'<".utf8.contains(bytes[index]) { index += 1 }
        guard index > start else { throw fault("a name is missing") }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        return text.hasPrefix("xmlns:") ? text : String(text.split(separator: ":").last ?? "")
    }

    private mutating func quoted() throws(WireFault) -> String {
        skipSpace()
        guard isNext("=") else { throw fault("a = is missing") }
        index += 1
        skipSpace()
        guard isNext("\"") || isNext("'") else { throw fault("a value has no quotes") }
        let quote = bytes[index]
        index += 1
        let value = try text(until: quote)
        guard index < bytes.count else { throw fault("a value is not closed") }
        index += 1
        return value
    }

    /// Text with its references replaced.
    private mutating func text(until end: UInt8) throws(WireFault) -> String {
        var result: [UInt8] = []
        while index < bytes.count, bytes[index] != end {
            if bytes[index] == UInt8(ascii: "&") {
                result += Array(try reference().utf8)
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `&amp;`, `&#10;`, `&#x41;`.
    private mutating func reference() throws(WireFault) -> String {
        let start = index + 1
        guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw fault("a & begins no reference")
        }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        let named = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"][name]
        let number: UInt32? =
            if name.hasPrefix("#x") {
                UInt32(name.dropFirst(2), radix: 16)
            } else if name.hasPrefix("#") {
                UInt32(name.dropFirst())
            } else {
                nil
            }
        guard let text = named ?? number.flatMap(Unicode.Scalar.init).map({ String($0) }) else {
            throw fault("&\(name); is not known")
        }
        index = end + 1
        return text
    }
}
