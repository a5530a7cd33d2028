/// A value as Python writes it, in the three ways that the toolkit uses.
extension PythonValue {
    /// A command-line argument's value: an object as `a=1,b=2`, nothing for None, else `str(value)`.
    var argument: String {
        switch self {
        case .none: ""
        case .object(let members):
            members.sorted { Self.precedes($0.key, $1.key) }.map { "\($0.key)=\($0.value.text)" }
                .joined(separator: ",")
        default: text
        }
    }

    /// An environment variable's value: text as it is, nothing for None, else JSON.
    var variable: String {
        switch self {
        case .none: ""
        case .string(let text): text
        default: json
        }
    }

    /// `str(value)`.
    var text: String {
        if case .string(let text) = self { return text }
        return representation
    }

    /// `json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)`.
    var json: String {
        switch self {
        case .none: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let digits): digits
        case .real(let value):
            value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : Self.text(value)
        case .string(let text): Self.quoted(text)
        case .list(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { Self.precedes($0.key, $1.key) }
                .map { Self.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    /// Python sorts text by code points, which is the order of UTF-8.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// `repr(value)`.
    private var representation: String {
        switch self {
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let digits): digits
        case .real(let value):
            value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : Self.text(value)
        case .string(let text): Self.representation(text)
        case .list(let elements): "[" + elements.map(\.representation).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.map { Self.representation($0.key) + ": " + $0.value.representation }
                .joined(separator: ", ") + "}"
        }
    }

    /// The shortest digits that give the number back, with an exponent below 1e-4 and from 1e16.
    private static func text(_ value: Double) -> String {
        let sign = value.sign == .minus ? "-" : ""
        let parts = "\(value.magnitude)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0]
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var digits = Substring(whole + fraction)
        var point = whole.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.count > 1, digits.first == "0" {
            digits = digits.dropFirst()
            point -= 1
        }
        while digits.count > 1, digits.last == "0" { digits = digits.dropLast() }
        if digits == "0" { return sign + "0.0" }
        if point > 16 || point < -3 {
            let exponent = point - 1
            let number = String(exponent.magnitude)
            return sign + digits.prefix(1) + (digits.count > 1 ? "." + digits.dropFirst() : "")
                + "e" + (exponent < 0 ? "-" : "+") + (number.count < 2 ? "0" : "") + number
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if digits.count <= point {
            return sign + digits + String(repeating: "0", count: point - digits.count) + ".0"
        }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    private static func hexadecimal(_ number: some BinaryInteger, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// JSON text in ASCII.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: out += "\\\""
            case 0x5C: out += "\\\\"
            case 0x08: out += "\\b"
            case 0x09: out += "\\t"
            case 0x0A: out += "\\n"
            case 0x0C: out += "\\f"
            case 0x0D: out += "\\r"
            case 0x20...0x7E: out.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default: out += "\\u" + hexadecimal(unit, 4)
            }
        }
        return out + "\""
    }

    /// `repr` of a string: in single quotes unless only double quotes save an escape.
    private static func representation(_ text: String) -> String {
        let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var out = String(Character(quote))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", quote: out += "\\" + String(Character(scalar))
            case "\t": out += "\\t"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case _ where isPrintable(scalar): out.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x100: out += "\\x" + hexadecimal(scalar.value, 2)
            case _ where scalar.value < 0x10000: out += "\\u" + hexadecimal(scalar.value, 4)
            default: out += "\\U" + hexadecimal(scalar.value, 8)
            }
        }
        return out + String(Character(quote))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
            false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }
}
