import JSON

/// How AWS says that a value breaks a limit.
enum ConstraintWords {
    /// Characters of a value in a sentence: whoever sends much gets little back.
    private static let mostCharacters = 256

    static func sentence(_ value: String, _ path: String, _ constraint: String) -> String {
        "Value \(value) at '\(path)' failed to satisfy constraint: \(constraint)"
    }

    /// `TrainingJobName` is `trainingJobName` in AWS's messages.
    static func join(_ path: String, _ name: String) -> String {
        let lowered = name.prefix(1).lowercased() + name.dropFirst()
        return path.isEmpty ? lowered : path + "." + lowered
    }

    static func isLong(_ text: String) -> Bool { text.utf8.count > 4 * mostCharacters }

    static func shortened(_ text: String) -> String {
        text.utf8.count <= mostCharacters ? text : text.prefix(mostCharacters) + "…"
    }

    /// Constraints of a string's shape that `text` does not satisfy.
    static func broken(by text: String, _ shape: Shape) -> [String] {
        if !shape.words.isEmpty {
            let isOne = shape.words.contains(text)
            return isOne
                ? [] : ["Member must satisfy enum value set: [\(shape.words.joined(separator: ", "))]"]
        }
        var broken: [String] = []
        let count = text.unicodeScalars.count
        let isTooLong = shape.most.map { count > $0.count } ?? false
        // A pattern is not tried on a text that is wrong anyway and would take long.
        if let pattern = shape.textPattern, !(isTooLong && isLong(text)), !pattern.matches(text) {
            let shown = shape.pattern.map { $0.hasPrefix("^") ? $0 : "^" + $0 } ?? ""
            broken.append("Member must satisfy regular expression pattern: \(shown)")
        }
        if let constraint = length(count, shape) { broken.append(constraint) }
        return broken
    }

    static func length(_ count: Int, _ shape: Shape) -> String? {
        if let most = shape.most?.count, count > most {
            return "Member must have length less than or equal to \(most)"
        }
        if let least = shape.least?.count, count < least {
            return "Member must have length greater than or equal to \(least)"
        }
        return nil
    }

    /// Bytes that a Base64 text stands for; `nil` when it is none.
    static func base64Count(_ text: String) -> Int? {
        let digits = text.utf8
        guard digits.count.isMultiple(of: 4) else { return nil }
        let padding = digits.reversed().prefix { $0 == 0x3D }.count
        let body = digits.dropLast(padding)
        let isPlain = body.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2B || $0 == 0x2F
        }
        return isPlain && padding <= 2 ? digits.count / 4 * 3 - padding : nil
    }
}

extension JSONValue {
    /// AWS's name for this kind of JSON token.
    var tokenName: String {
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

extension Shape {
    /// How AWS calls the type in messages.
    var typeName: String {
        switch kind {
        case .string: "a String"
        case .integer: "an Integer"
        case .long: "a Long"
        case .float: "a Float"
        case .double: "a Double"
        case .boolean: "a Boolean"
        case .timestamp: "a Timestamp"
        case .blob: "a Blob"
        case .list: "a List"
        case .map: "a Map"
        case .structure: "a Structure"
        case .document: "a value"
        }
    }
}
