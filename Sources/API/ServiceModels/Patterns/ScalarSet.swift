/// A set of Unicode scalars: what one place of a pattern matches.
struct ScalarSet: Sendable, Equatable {
    /// A group of scalars by what they are; Java's names, which AWS's patterns use.
    enum Group: Sendable, Equatable {
        case letters, marks, numbers, punctuation, symbols, separators, spaceSeparators
    }

    /// A part of the set; `isInverted`: all scalars but the group's or the set's.
    enum Part: Sendable, Equatable {
        case range(ClosedRange<UInt32>)
        case group(Group, isInverted: Bool)
        indirect case set(ScalarSet, isInverted: Bool)
    }

    private(set) var parts: [Part]
    var isInverted: Bool
    /// The answers for the first 128 scalars, one bit each.
    private let low: UInt64
    private let high: UInt64

    init(_ parts: [Part], isInverted: Bool = false) {
        self.parts = parts
        self.isInverted = isInverted
        var words: [UInt64] = [0, 0]
        for value in UInt32(0)..<128 where Self.contains(value, parts) != isInverted {
            words[Int(value / 64)] |= 1 << UInt64(value % 64)
        }
        (low, high) = (words[0], words[1])
    }

    init(_ scalar: UInt32) { self.init([.range(scalar...scalar)]) }

    func contains(_ value: UInt32) -> Bool {
        if value < 64 { return low >> UInt64(value) & 1 == 1 }
        if value < 128 { return high >> UInt64(value - 64) & 1 == 1 }
        return Self.contains(value, parts) != isInverted
    }

    private static func contains(_ value: UInt32, _ parts: [Part]) -> Bool {
        parts.contains { part in
            switch part {
            case .range(let range): range.contains(value)
            case .group(let group, let isInverted): group.contains(value) != isInverted
            case .set(let set, let isInverted): set.contains(value) != isInverted
            }
        }
    }
}

extension ScalarSet {
    static let digits = ScalarSet([.range(0x30...0x39)])
    static let wordScalars = ScalarSet([
        .range(0x30...0x39), .range(0x41...0x5A), .range(0x61...0x7A), .range(0x5F...0x5F),
    ])
    static let alphanumerics = ScalarSet([.range(0x30...0x39), .range(0x41...0x5A), .range(0x61...0x7A)])
    static let spaces = ScalarSet([.range(0x09...0x0D), .range(0x20...0x20)])
    static let printable = ScalarSet([.range(0x20...0x7E)])
    static let ascii = ScalarSet([.range(0x00...0x7F)])
    /// What a dot matches: everything but the ends of lines.
    static let exceptLineEnds = ScalarSet(
        [.range(0x0A...0x0A), .range(0x0D...0x0D), .range(0x85...0x85), .range(0x2028...0x2029)],
        isInverted: true)
}

extension ScalarSet.Group {
    fileprivate func contains(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        let category = scalar.properties.generalCategory
        return switch self {
        case .letters:
            [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]
                .contains(category)
        case .marks: [.nonspacingMark, .spacingMark, .enclosingMark].contains(category)
        case .numbers: [.decimalNumber, .letterNumber, .otherNumber].contains(category)
        case .punctuation:
            [
                .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
                .initialPunctuation, .finalPunctuation, .otherPunctuation,
            ].contains(category)
        case .symbols:
            [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol].contains(category)
        case .separators: [.spaceSeparator, .lineSeparator, .paragraphSeparator].contains(category)
        case .spaceSeparators: category == .spaceSeparator
        }
    }
}
