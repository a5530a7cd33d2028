/// The parts of a pattern.
indirect enum PatternNode: Sendable, Equatable {
    case set(ScalarSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// `most` is `nil` where there is no limit.
    case repeated(PatternNode, least: Int, most: Int?)
    /// The text's start, its end, an end of a word.
    case start, end, wordEnd
    /// Whether the text goes on as `node` says, or does not.
    case ahead(PatternNode, isInverted: Bool)
    /// Whether the scalar before is of a set, or is not.
    case behind(ScalarSet, isInverted: Bool)
}

/// Why a pattern cannot be used.
package struct PatternError: Error, Equatable {
    package let message: String
}

/// Reads the regular expressions of service models: Java's, without back references.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0

    init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    /// - Throws: `PatternError` saying where the pattern is wrong or asks for more than is known here.
    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try choice()
        if index < scalars.count { throw failure("there is a ) too many") }
        return node
    }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private func failure(_ what: String) -> PatternError {
        PatternError(
            message: "\(what) at character \(index + 1) of \(String(String.UnicodeScalarView(scalars)))")
    }

    /// Goes on behind `text` where that is what comes.
    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[index...].starts(with: wanted) else { return false }
        index += wanted.count
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            nodes.append(try repeated(try atom()))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    /// `node` with the quantifiers that follow. Lazy and greedy ones match the same texts.
    private mutating func repeated(_ node: PatternNode) throws(PatternError) -> PatternNode {
        var least = 1
        var most: Int? = 1
        if take("*") {
            (least, most) = (0, nil)
        } else if take("+") {
            most = nil
        } else if take("?") {
            least = 0
        } else if next == "{" {
            (least, most) = try counts()
        } else {
            return node
        }
        if next == "?" || next == "+" { index += 1 }
        return .repeated(node, least: least, most: most)
    }

    /// `{3}`, `{3,}`, `{3,5}`.
    private mutating func counts() throws(PatternError) -> (Int, Int?) {
        index += 1
        let least = number() ?? 0
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}"), most ?? least >= least else { throw failure("a count is not closed or empty") }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let digits = scalars[index...].prefix { ("0"..."9").contains($0) }
        index += digits.count
        return Int(String(String.UnicodeScalarView(digits)))
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        guard let scalar = next else { throw failure("something is missing") }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracket())
        case ".":
            index += 1
            return .set(.exceptLineEnds)
        case "^":
            index += 1
            return .start
        case "$":
            index += 1
            return .end
        case "\\": return try escaped()
        case "*", "+", "?": throw failure("nothing stands before a quantifier")
        default:
            index += 1
            return .set(ScalarSet(scalar.value))
        }
    }

    private mutating func group() throws(PatternError) -> PatternNode {
        for (text, isInverted) in [("(?=", false), ("(?!", true)] where take(text) {
            return .ahead(try closed(), isInverted: isInverted)
        }
        for (text, isInverted) in [("(?<=", false), ("(?<!", true)] where take(text) {
            guard case .set(let set) = try closed() else {
                throw failure("only one character may be looked behind")
            }
            return .behind(set, isInverted: isInverted)
        }
        if !take("(?:") { index += 1 }
        if next == "?" { throw failure("this kind of group is not known") }
        return try closed()
    }

    private mutating func closed() throws(PatternError) -> PatternNode {
        let node = try choice()
        guard take(")") else { throw failure("a ( is not closed") }
        return node
    }

    private mutating func escaped() throws(PatternError) -> PatternNode {
        for (text, node) in [("\\A", PatternNode.start), ("\\z", .end), ("\\Z", .end), ("\\b", .wordEnd)]
        where take(text) {
            return node
        }
        switch try escape() {
        case .range(let range): return .set(ScalarSet([.range(range)]))
        case let part: return .set(ScalarSet([part]))
        }
    }
}

extension PatternParser {
    /// `[a-z0-9_]`, `[^:]`.
    private mutating func bracket() throws(PatternError) -> ScalarSet {
        index += 1
        let isInverted = take("^")
        var parts: [ScalarSet.Part] = []
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            if scalar == "[" {
                parts.append(.set(try bracket(), isInverted: false))
                continue
            }
            if scalar == "&", index + 1 < scalars.count, scalars[index + 1] == "&" {
                throw failure("an intersection is not known")
            }
            parts.append(try range(from: try member()))
        }
        guard take("]") else { throw failure("a [ is not closed") }
        return ScalarSet(parts, isInverted: isInverted)
    }

    /// `first` alone, or the range that it begins; a dash that ends nothing is itself.
    private mutating func range(from first: ScalarSet.Part) throws(PatternError) -> ScalarSet.Part {
        guard case .range(let low) = first, low.count == 1, next == "-", index + 1 < scalars.count,
            scalars[index + 1] != "]", scalars[index + 1] != "["
        else { return first }
        let place = index
        index += 1
        guard case .range(let high) = try member(), high.count == 1 else {
            index = place
            return first
        }
        guard low.lowerBound <= high.lowerBound else { throw failure("a range runs backwards") }
        return .range(low.lowerBound...high.lowerBound)
    }

    private mutating func member() throws(PatternError) -> ScalarSet.Part {
        guard let scalar = next else { throw failure("a [ is not closed") }
        if scalar == "\\" { return try escape() }
        index += 1
        return .range(scalar.value...scalar.value)
    }

    /// What begins with a backslash, within brackets and without.
    private mutating func escape() throws(PatternError) -> ScalarSet.Part {
        index += 1
        guard let scalar = next else { throw failure("nothing follows a \\") }
        index += 1
        switch scalar {
        case "d": return .set(.digits, isInverted: false)
        case "D": return .set(.digits, isInverted: true)
        case "w": return .set(.wordScalars, isInverted: false)
        case "W": return .set(.wordScalars, isInverted: true)
        case "s": return .set(.spaces, isInverted: false)
        case "S": return .set(.spaces, isInverted: true)
        case "p": return try property(isInverted: false)
        case "P": return try property(isInverted: true)
        case "n": return .range(0x0A...0x0A)
        case "r": return .range(0x0D...0x0D)
        case "t": return .range(0x09...0x09)
        case "f": return .range(0x0C...0x0C)
        case "x": return try single(hexadecimal(2))
        case "u": return try single(pair(try hexadecimal(4)))
        default:
            let isWord = ScalarSet.alphanumerics.contains(scalar.value)
            if isWord { throw failure("\\\(scalar) is not known") }
            return .range(scalar.value...scalar.value)
        }
    }

    private func single(_ value: UInt32) -> ScalarSet.Part { .range(value...value) }

    private mutating func hexadecimal(_ count: Int) throws(PatternError) -> UInt32 {
        let digits = scalars[index...].prefix(count)
        guard digits.count == count, let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
        else { throw failure("\(count) hexadecimal digits are missing") }
        index += count
        return value
    }

    /// Two surrogates, one after the other, are one scalar.
    private mutating func pair(_ high: UInt32) throws(PatternError) -> UInt32 {
        let place = index
        guard (0xD800...0xDBFF).contains(high), take("\\u") else { return high }
        let low = try hexadecimal(4)
        guard (0xDC00...0xDFFF).contains(low) else {
            index = place
            return high
        }
        return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
    }

    private mutating func property(isInverted: Bool) throws(PatternError) -> ScalarSet.Part {
        guard take("{"), let end = scalars[index...].firstIndex(of: "}") else {
            throw failure("a property has no name")
        }
        let name = String(String.UnicodeScalarView(scalars[index..<end]))
        index = end + 1
        switch name {
        case "L": return .group(.letters, isInverted: isInverted)
        case "M": return .group(.marks, isInverted: isInverted)
        case "N": return .group(.numbers, isInverted: isInverted)
        case "P": return .group(.punctuation, isInverted: isInverted)
        case "S": return .group(.symbols, isInverted: isInverted)
        case "Z": return .group(.separators, isInverted: isInverted)
        case "Zs": return .group(.spaceSeparators, isInverted: isInverted)
        case "Alnum": return .set(.alphanumerics, isInverted: isInverted)
        case "Print": return .set(.printable, isInverted: isInverted)
        case "ASCII": return .set(.ascii, isInverted: isInverted)
        default: throw failure("the property \(name) is not known")
        }
    }
}
