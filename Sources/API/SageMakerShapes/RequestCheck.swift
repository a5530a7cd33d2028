public import JSON
import FoundationEssentials
public import JSON

/// Checks a request against its shape and collects what is wrong, in SageMaker's words.
public struct RequestCheck {
    /// Values that are of the right type but break a limit, one sentence each.
    public private(set) var violations: [String] = []
    /// The first value of a wrong type; nothing else counts then.
    public private(set) var typeMismatch: String?

    public init(_ value: JSONValue, against shape: RequestShape) {
        check(value, shape, at: "")
    }

    /// `1 validation error detected: …` for all violations together; `nil` when there are none.
    public var validationMessage: String? {
        if violations.isEmpty { return nil }
        let noun = violations.count == 1 ? "error" : "errors"
        let rest = violations.count - Self.mostViolations
        return "\(violations.count) validation \(noun) detected: "
            + violations.prefix(Self.mostViolations).joined(separator: "; ")
            + (rest > 0 ? "; and \(rest) more" : "")
    }

    /// Sentences in a message, and characters of a value in a sentence: whoever sends much gets little back.
    private static let mostViolations = 20
    private static let mostCharacters = 256

    private mutating func check(_ value: JSONValue, _ shape: RequestShape, at path: String) {
        switch (shape, value) {
        case (.anything, _):
            break
        case (.structure(let members), .object(let values)):
            for member in members {
                let memberPath = Self.join(path, member.name)
                if let memberValue = values[member.name], memberValue != .null {
                    check(memberValue, member.shape, at: memberPath)
                } else if member.isRequired {
                    violations.append(Self.sentence("null", memberPath, "Member must not be null"))
                }
            }
        case (.list(let element, let count), .array(let values)):
            checkLength(values.count, count.lowerBound, count.upperBound, value, at: path)
            for (index, elementValue) in values.enumerated() {
                check(elementValue, element, at: "\(path).\(index + 1).member")
            }
        case (.map(let key, let limits, let most), .object(let values)):
            if values.count > most { checkLength(values.count, 0, most, value, at: path) }
            checkMap(values, key: key, limits, at: path)
        case (.string(let limits), .string(let text)):
            checkText(text, limits, at: path)
        case (.choice(let words), .string(let text)):
            if !words.contains(text) {
                let set = "Member must satisfy enum value set: [\(words.joined(separator: ", "))]"
                violations.append(Self.sentence("'\(Self.shortened(text))'", path, set))
            }
        case (.integer(let lower, let upper), .integer(let number)):
            checkRange(number, lower, upper, at: path)
        case (.integer(let lower, let upper), .number(let number)) where Int(exactly: number) != nil:
            checkRange(Int(number), lower, upper, at: path)
        case (.boolean, .bool), (.timestamp, .integer), (.timestamp, .number):
            break
        case (.timestamp, .string(let text)) where Timestamp.seconds(ofISO8601: text) != nil:
            break
        default:
            mismatch(value, shape, at: path)
        }
    }

    /// One sentence a broken limit, as SageMaker has it; a text that is too long to show says all in one.
    private mutating func checkText(_ text: String, _ limits: TextLimits, at path: String) {
        let constraints = Self.constraints(brokenBy: text, limits)
        guard !constraints.isEmpty else { return }
        let shown = "'\(Self.shortened(text))'"
        if Self.isLong(text) {
            return violations.append(Self.sentence(shown, path, constraints.joined(separator: ", ")))
        }
        for constraint in constraints { violations.append(Self.sentence(shown, path, constraint)) }
    }

    private mutating func checkMap(
        _ values: [String: JSONValue], key keyLimits: TextLimits, _ limits: TextLimits, at path: String
    ) {
        var broken: [(kind: String, constraints: [String], shown: String)] = []
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            let keyConstraints = Self.constraints(brokenBy: key, keyLimits)
            if !keyConstraints.isEmpty { broken.append(("keys", keyConstraints, key)) }
            guard case .string(let text) = value else {
                return mismatch(value, .text, at: "\(path).\(key)")
            }
            let constraints = Self.constraints(brokenBy: text, limits)
            if !constraints.isEmpty { broken.append(("value", constraints, "\(key)=\(text)")) }
        }
        for entry in broken {
            let list = entry.constraints.joined(separator: ", ")
            violations.append(
                Self.sentence(
                    "'{\(Self.shortened(entry.shown))}'", path,
                    "Map \(entry.kind) must satisfy constraint: [\(list)]"))
        }
    }

    private mutating func checkLength(
        _ count: Int, _ lower: Int, _ upper: Int, _ value: JSONValue, at path: String
    ) {
        let shown = "'\(Self.shortened((try? value.text()) ?? "[]"))'"
        if count < lower {
            violations.append(Self.sentence(shown, path, Self.tooShort(lower)))
        } else if count > upper {
            violations.append(Self.sentence(shown, path, Self.tooLong(upper)))
        }
    }

    private mutating func checkRange(_ number: Int, _ lower: Int?, _ upper: Int?, at path: String) {
        if let lower, number < lower {
            violations.append(
                Self.sentence(
                    "'\(number)'", path, "Member must have value greater than or equal to \(lower)"))
        }
        if let upper, number > upper {
            violations.append(
                Self.sentence(
                    "'\(number)'", path, "Member must have value less than or equal to \(upper)"))
        }
    }

    private mutating func mismatch(_ value: JSONValue, _ shape: RequestShape, at path: String) {
        guard typeMismatch == nil else { return }
        let place = path.isEmpty ? "the request" : "'\(path)'"
        typeMismatch =
            "\(value.tokenName) can not be converted to \(shape.typeName) at \(Self.shortened(place))"
    }

    /// Constraints of `limits` that `text` does not satisfy.
    private static func constraints(brokenBy text: String, _ limits: TextLimits) -> [String] {
        var broken: [String] = []
        let length = text.unicodeScalars.count
        let isTooLong = limits.maxLength.map { length > $0 } ?? false
        // A pattern is not tried on a text that is wrong anyway and would take long.
        if let pattern = limits.pattern, !(isTooLong && isLong(text)), !matches(text, pattern) {
            broken.append("Member must satisfy regular expression pattern: ^\(pattern)")
        }
        if let longest = limits.maxLength, isTooLong { broken.append(tooLong(longest)) }
        if length < limits.minLength { broken.append(tooShort(limits.minLength)) }
        return broken
    }

    private static func tooShort(_ lower: Int) -> String {
        "Member must have length greater than or equal to \(lower)"
    }

    private static func tooLong(_ upper: Int) -> String {
        "Member must have length less than or equal to \(upper)"
    }

    /// Whether all of `text` matches; a pattern that does not compile matches nothing (a test
    /// compiles all of them).
    static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? Regex(pattern) else { return false }
        return text.wholeMatch(of: expression) != nil
    }

    private static func sentence(_ value: String, _ path: String, _ constraint: String) -> String {
        "Value \(value) at '\(path)' failed to satisfy constraint: \(constraint)"
    }

    /// `TrainingJobName` is `trainingJobName` in SageMaker's messages.
    private static func join(_ path: String, _ name: String) -> String {
        let lowered = name.prefix(1).lowercased() + name.dropFirst()
        return path.isEmpty ? lowered : path + "." + lowered
    }

    private static func isLong(_ text: String) -> Bool { text.utf8.count > 4 * mostCharacters }

    private static func shortened(_ text: String) -> String {
        text.utf8.count <= mostCharacters ? text : text.prefix(mostCharacters) + "…"
    }
}

extension JSONValue {
    /// SageMaker's name for this kind of JSON token.
    fileprivate var tokenName: String {
        switch self {
        case .null: "NULL_VALUE"
        case .bool(let value): value ? "TRUE_VALUE" : "FALSE_VALUE"
        case .integer: "NUMBER_VALUE"
        case .number: "DECIMAL_VALUE"
        case .string: "STRING_VALUE"
        case .array: "START_ARRAY"
        case .object: "START_OBJECT"
        }
    }
}

extension RequestShape {
    fileprivate var typeName: String {
        switch self {
        case .string, .choice: "a String"
        case .integer: "an Integer"
        case .boolean: "a Boolean"
        case .timestamp: "a Timestamp"
        case .list: "a List"
        case .map: "a Map"
        case .structure: "a Structure"
        case .anything: "a value"
        }
    }
}
