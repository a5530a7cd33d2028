public import JSON

/// Checks a request against its shape and collects what is wrong, in AWS's words.
///
/// Members that the model does not know pass: they are newer than this program.
public struct ShapeCheck {
    /// Values that are of the right type but break a limit, one sentence each.
    public private(set) var violations: [String] = []
    /// The first value of a wrong type; nothing else counts then.
    public private(set) var typeMismatch: String?
    private let model: ServiceModel
    private let payload: (name: String, byteCount: Int)?

    /// - Parameters:
    ///   - shape: name of a shape of `model`; `nil` for requests without members.
    ///   - payload: the member that came as the whole body and is not in `value`, with its length.
    public init(
        _ value: JSONValue, against shape: String?, of model: ServiceModel,
        payload: (name: String, byteCount: Int)? = nil
    ) {
        self.model = model
        self.payload = payload
        if let shape {
            check(value, model.shape(shape), at: "")
        } else if value.object == nil {
            mismatch(value, "a Structure", at: "")
        }
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

    /// Sentences in a message: whoever sends much gets little back.
    private static let mostViolations = 20

    private mutating func check(_ value: JSONValue, _ shape: Shape, at path: String) {
        switch (shape.kind, value) {
        case (.document, _), (.boolean, .bool), (.timestamp, .integer), (.timestamp, .number): break
        case (.structure, .object(let values)): checkMembers(values, shape, at: path)
        case (.list, .array(let values)): checkElements(values, shape, at: path)
        case (.map, .object(let values)): checkMap(values, shape, at: path)
        case (.string, .string(let text)): checkText(text, shape, at: path)
        case (.integer, _), (.long, _): checkWhole(value, shape, at: path)
        case (.float, _), (.double, _): checkReal(value, shape, at: path)
        case (.timestamp, .string(let text)) where Timestamp.seconds(ofISO8601: text) != nil: break
        case (.blob, .string(let text)) where ConstraintWords.base64Count(text) != nil:
            checkLength(ConstraintWords.base64Count(text) ?? 0, value, shape, at: path)
        default: mismatch(value, shape.typeName, at: path)
        }
    }

    private mutating func checkMembers(_ values: [String: JSONValue], _ shape: Shape, at path: String) {
        for member in shape.members {
            let place = ConstraintWords.join(path, member.name)
            if let value = values[member.name], value != .null {
                check(value, model.shape(of: member), at: place)
            } else if path.isEmpty, let payload, payload.name == member.name {
                checkLength(payload.byteCount, .string("…"), model.shape(of: member), at: place)
            } else if member.isRequired {
                violations.append(ConstraintWords.sentence("null", place, "Member must not be null"))
            }
        }
    }

    private mutating func checkElements(_ values: [JSONValue], _ shape: Shape, at path: String) {
        checkLength(values.count, .array(values), shape, at: path)
        guard let element = shape.element.map(model.shape(of:)) else { return }
        for (index, value) in values.enumerated() {
            check(value, element, at: "\(path).\(index + 1).member")
        }
    }

    private mutating func checkMap(_ values: [String: JSONValue], _ shape: Shape, at path: String) {
        checkLength(values.count, .object(values), shape, at: path)
        guard let keyShape = shape.key.map(model.shape(of:)),
            let valueShape = shape.value.map(model.shape(of:))
        else { return }
        var broken: [(kind: String, constraints: [String], shown: String)] = []
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            let constraints = ConstraintWords.broken(by: key, keyShape)
            if !constraints.isEmpty { broken.append(("keys", constraints, key)) }
            guard valueShape.kind == .string, case .string(let text) = value else {
                check(
                    value, valueShape,
                    at: valueShape.kind == .string ? "\(path).\(key)" : "\(path).\(key).member")
                continue
            }
            let valueConstraints = ConstraintWords.broken(by: text, valueShape)
            if !valueConstraints.isEmpty { broken.append(("value", valueConstraints, "\(key)=\(text)")) }
        }
        for entry in broken {
            let list = entry.constraints.joined(separator: ", ")
            violations.append(
                ConstraintWords.sentence(
                    "'{\(ConstraintWords.shortened(entry.shown))}'", path,
                    "Map \(entry.kind) must satisfy constraint: [\(list)]"))
        }
    }

    /// One sentence a broken limit, as SageMaker has it; a text that is too long to show says all in one.
    private mutating func checkText(_ text: String, _ shape: Shape, at path: String) {
        let constraints = ConstraintWords.broken(by: text, shape)
        guard !constraints.isEmpty else { return }
        let shown = "'\(ConstraintWords.shortened(text))'"
        if ConstraintWords.isLong(text) {
            let all = constraints.joined(separator: ", ")
            return violations.append(ConstraintWords.sentence(shown, path, all))
        }
        for constraint in constraints {
            violations.append(ConstraintWords.sentence(shown, path, constraint))
        }
    }

    private mutating func checkWhole(_ value: JSONValue, _ shape: Shape, at path: String) {
        switch value {
        case .integer(let number): checkRange("\(number)", Double(number), shape, at: path)
        case .number(let number):
            guard let whole = Int(exactly: number) else { fallthrough }
            checkRange("\(whole)", number, shape, at: path)
        default: mismatch(value, shape.typeName, at: path)
        }
    }

    private mutating func checkReal(_ value: JSONValue, _ shape: Shape, at path: String) {
        switch value {
        case .integer(let number): checkRange("\(number)", Double(number), shape, at: path)
        case .number(let number): checkRange("\(number)", number, shape, at: path)
        case .string("NaN"), .string("Infinity"), .string("-Infinity"): break
        default: mismatch(value, shape.typeName, at: path)
        }
    }

    private mutating func checkRange(_ shown: String, _ number: Double, _ shape: Shape, at path: String) {
        if let least = shape.least, number < least.real {
            let constraint = "Member must have value greater than or equal to \(least)"
            violations.append(ConstraintWords.sentence("'\(shown)'", path, constraint))
        }
        if let most = shape.most, number > most.real {
            let constraint = "Member must have value less than or equal to \(most)"
            violations.append(ConstraintWords.sentence("'\(shown)'", path, constraint))
        }
    }

    private mutating func checkLength(_ count: Int, _ value: JSONValue, _ shape: Shape, at path: String) {
        guard let constraint = ConstraintWords.length(count, shape) else { return }
        let shown = "'\(ConstraintWords.shortened((try? value.text()) ?? "[]"))'"
        violations.append(ConstraintWords.sentence(shown, path, constraint))
    }

    private mutating func mismatch(_ value: JSONValue, _ typeName: String, at path: String) {
        guard typeMismatch == nil else { return }
        let place = path.isEmpty ? "the request" : "'\(path)'"
        typeMismatch =
            "\(value.tokenName) can not be converted to \(typeName) at \(ConstraintWords.shortened(place))"
    }
}
