import Foundation

/// A value as Python's `json.loads` reads it: whole numbers of any length, NaN and infinities, members in
/// the order of the text. Hyperparameters are read so, because scripts expect the toolkit's very words.
enum PythonValue: Sendable {
    case none
    case bool(Bool)
    /// Digits with a sign where negative, as Python prints them.
    case integer(String)
    case real(Double)
    case string(String)
    case list([PythonValue])
    case object([(key: String, value: PythonValue)])

    /// A hyperparameter: what its text means as JSON, or the text itself where it is none.
    init(hyperparameter text: String) {
        var reader = PythonJSON(text)
        self = reader.whole() ?? .string(text)
    }

    /// Python's idea of true.
    var isTruthy: Bool {
        switch self {
        case .none: false
        case .bool(let value): value
        case .integer(let digits): digits != "0"
        case .real(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }
}

/// Reads JSON as Python does.
private struct PythonJSON {
    private let bytes: [UInt8]
    private var offset = 0
    private var depth = 0

    init(_ text: String) { bytes = [UInt8](text.utf8) }

    /// The text's one value; `nil` when it is not JSON.
    mutating func whole() -> PythonValue? {
        guard let value = value() else { return nil }
        skipSpace()
        return offset == bytes.count ? value : nil
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { offset += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[offset...].starts(with: word.utf8) else { return false }
        offset += word.utf8.count
        return true
    }

    private mutating func value() -> PythonValue? {
        skipSpace()
        guard depth < 200 else { return nil }
        depth += 1
        defer { depth -= 1 }
        switch next {
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return list()
        case UInt8(ascii: "\""): return string().map { .string($0) }
        default: break
        }
        if take("null") { return PythonValue.none }
        if take("true") { return .bool(true) }
        if take("false") { return .bool(false) }
        if take("NaN") { return .real(.nan) }
        if take("Infinity") { return .real(.infinity) }
        if take("-Infinity") { return .real(-.infinity) }
        return number()
    }

    private mutating func digits() -> Int {
        let start = offset
        while let byte = next, (48...57).contains(byte) { offset += 1 }
        return offset - start
    }

    private mutating func number() -> PythonValue? {
        let start = offset
        _ = take("-")
        let first = next
        let count = digits()
        // What follows a leading zero is not part of the number, and so no JSON.
        guard count == 1 || (count > 1 && first != 48) else { return nil }
        var isWhole = true
        if take(".") {
            guard digits() > 0 else { return nil }
            isWhole = false
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { return nil }
            isWhole = false
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole { return .integer(text == "-0" ? "0" : text) }
        return Double(text).map { .real($0) }
    }

    private mutating func list() -> PythonValue? {
        offset += 1
        var elements: [PythonValue] = []
        skipSpace()
        if take("]") { return .list([]) }
        while let element = value() {
            elements.append(element)
            skipSpace()
            if take("]") { return .list(elements) }
            guard take(",") else { return nil }
        }
        return nil
    }

    private mutating func object() -> PythonValue? {
        offset += 1
        var members: [(key: String, value: PythonValue)] = []
        skipSpace()
        if take("}") { return .object([]) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\""), let key = string() else { return nil }
            skipSpace()
            guard take(":"), let value = value() else { return nil }
            if let index = members.firstIndex(where: { $0.key == key }) {
                members[index].value = value
            } else {
                members.append((key, value))
            }
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func string() -> String? {
        offset += 1
        var units: [UInt8] = []
        while let byte = next {
            offset += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: units, as: UTF8.self) }
            guard byte >= 32 else { return nil }
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard let letter = next else { return nil }
            offset += 1
            switch letter {
            case UInt8(ascii: "n"): units.append(10)
            case UInt8(ascii: "t"): units.append(9)
            case UInt8(ascii: "r"): units.append(13)
            case UInt8(ascii: "b"): units.append(8)
            case UInt8(ascii: "f"): units.append(12)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(letter)
            case UInt8(ascii: "u"):
                guard let scalar = escapedScalar() else { return nil }
                units += [UInt8](String(Character(scalar)).utf8)
            default: return nil
            }
        }
        return nil
    }

    /// The scalar of `\uXXXX`, or of a pair of them; half a pair becomes U+FFFD.
    private mutating func escapedScalar() -> Unicode.Scalar? {
        guard let high = codeUnit() else { return nil }
        if let scalar = Unicode.Scalar(high) { return scalar }
        let start = offset
        if (0xD800..<0xDC00).contains(high), take("\\u"), let low = codeUnit() {
            if (0xDC00..<0xE000).contains(low) {
                return Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + UInt32(low) - 0xDC00)
            }
            offset = start
        }
        return "\u{FFFD}"
    }

    private mutating func codeUnit() -> UInt16? {
        guard offset + 4 <= bytes.count else { return nil }
        let text = String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
        guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        offset += 4
        return UInt16(text, radix: 16)
    }
}
