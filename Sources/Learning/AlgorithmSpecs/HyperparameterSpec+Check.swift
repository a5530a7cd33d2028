import Diagnostics

extension HyperparameterSpec {
    /// What a value must be, to end the sentence "it must be …".
    public var requirement: String {
        let extra = words + (allowsAuto ? ["auto"] : [])
        let base =
            switch type {
            case .integer(let range): range.requirement
            case .real(let range): range.requirement
            case .boolean: extra.isEmpty ? "true or false" : "true, false"
            case .choice(let names): "one of " + names.joined(separator: ", ")
            case .choices(let names): "a list of one or more of " + names.joined(separator: ", ")
            case .text: "text"
            }
        return ([base] + extra).joined(separator: " or ")
    }

    /// Whether the default is a value that a user could give.
    ///
    /// - Throws: `LockstepError(.configuration)` as for a user's value.
    public func checkDefault() throws {
        if let defaultValue { _ = try check(defaultValue) }
    }

    /// The value in its plain form: without JSON quotes, booleans as `true` and `false`, lists with
    /// commas.
    ///
    /// - Throws: `LockstepError(.configuration)` naming the hyperparameter, the value and what it must be.
    func check(_ given: String) throws -> String {
        let text = Self.unquoted(given)
        if allowsAuto, text == "auto" { return text }
        if words.contains(text) { return text }
        guard let plain = plain(text) else {
            throw LockstepError(
                .configuration, "hyperparameter \(name) is '\(text)': it must be \(requirement)")
        }
        return plain
    }

    private func plain(_ text: String) -> String? {
        switch type {
        case .integer(let range):
            guard let value = Int(text), range.contains(value) else { return nil }
            return String(value)
        case .real(let range):
            guard let value = Double(text), value.isFinite, range.contains(value) else { return nil }
            return text
        case .boolean:
            let lowered = text.lowercased()
            return lowered == "true" || lowered == "false" ? lowered : nil
        case .choice(let names):
            return names.contains(text) ? text : nil
        case .choices(let names):
            let given = Self.list(text)
            guard !given.isEmpty, given.allSatisfy(names.contains) else { return nil }
            return names.filter(given.contains).joined(separator: ",")
        case .text:
            return text
        }
    }

    /// Without surrounding blanks and, where the value came as a JSON string, its quotes.
    private static func unquoted(_ text: String) -> String {
        let trimmed = text.trimmed
        guard trimmed.count >= 2, trimmed.hasPrefix("\""), trimmed.hasSuffix("\"") else { return trimmed }
        return String(trimmed.dropFirst().dropLast()).trimmed
    }

    private static func list(_ text: String) -> [String] {
        var inner = Substring(text)
        if inner.hasPrefix("["), inner.hasSuffix("]") { inner = inner.dropFirst().dropLast() }
        return inner.split(separator: ",").map { element in
            let plain = String(element).trimmed
            guard plain.count >= 2, let mark = plain.first, mark == "\"" || mark == "'",
                plain.last == mark
            else { return plain }
            return String(plain.dropFirst().dropLast())
        }
    }
}

extension String {
    /// Without blanks, tabs and newlines at both ends.
    fileprivate var trimmed: String {
        var rest = Substring(self)
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

extension IntegerRange {
    func contains(_ value: Int) -> Bool {
        if let lower, value < lower { return false }
        if let upper, value > upper { return false }
        return true
    }

    fileprivate var requirement: String {
        switch (lower, upper) {
        case (nil, nil): "a whole number"
        case (let lower?, nil): "a whole number of at least \(lower)"
        case (nil, let upper?): "a whole number of at most \(upper)"
        case (let lower?, let upper?):
            lower == upper ? "\(lower)" : "a whole number from \(lower) to \(upper)"
        }
    }
}

extension RealRange {
    func contains(_ value: Double) -> Bool {
        if let lower, includesLower ? value < lower : value <= lower { return false }
        if let upper, includesUpper ? value > upper : value >= upper { return false }
        return true
    }

    fileprivate var requirement: String {
        let low = lower.map { (includesLower ? "of at least " : "above ") + Self.text($0) }
        let high = upper.map { (includesUpper ? "of at most " : "below ") + Self.text($0) }
        let bounds = [low, high].compactMap { $0 }.joined(separator: " and ")
        return bounds.isEmpty ? "a number" : "a number " + bounds
    }

    private static func text(_ bound: Double) -> String {
        bound == bound.rounded() && abs(bound) < 1e15 ? String(Int(bound)) : String(bound)
    }
}
