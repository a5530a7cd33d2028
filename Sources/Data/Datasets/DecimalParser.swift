#if canImport(Glibc)
    import Glibc
#endif

/// Reads decimal numbers as `Float`, correctly rounded.
///
/// The digits become an integer, the integer times a power of ten a `Double` that is off by less than
/// four units in its last place. Rounding it to `Float` is right unless a midpoint between two floats
/// lies that near; only then, and for very large or small numbers, strtof(3) decides. (The first
/// step is Clinger's fast path, PLDI 1990, section 3, widened by the surplus bits of `Double`.)
struct DecimalParser {
    enum Outcome {
        case number(Float)
        /// No number by the grammar `[+-] digits [. digits] [e [+-] digits]`.
        case malformed
        /// A number whose magnitude exceeds the largest `Float`.
        case outOfRange
    }

    private static let largestPower = 80
    /// Powers of ten; a plain pointer, since the loop below must not check bounds. Never freed.
    private nonisolated(unsafe) static let powersOfTen: UnsafePointer<Double> = {
        let table = UnsafeMutablePointer<Double>.allocate(capacity: largestPower + 1)
        for exponent in 0...largestPower { table[exponent] = strtod("1e\(exponent)", nil) }
        return UnsafePointer(table)
    }()
    private let powers = DecimalParser.powersOfTen

    /// Reads the number at `cursor` if it is a common one, and moves `cursor` behind it.
    ///
    /// The bytes must end in one that is no part of a number, with seven readable bytes after it.
    /// - Returns: `false`, and `cursor` as it was, when `parse` must look at it.
    @inline(__always)
    func scan(_ cursor: inout UnsafePointer<UInt8>, into value: inout Float) -> Bool {
        var p = cursor
        let isNegative = p.pointee == UInt8(ascii: "-")
        if isNegative { p += 1 }
        var mantissa: UInt64 = 0
        var exponent = 0
        let first = p
        Self.scanDigits(&p, &mantissa)
        var digitCount = p - first
        if p.pointee == UInt8(ascii: ".") {
            p += 1
            let fraction = p
            if Self.isEightDigits(p) {
                mantissa = mantissa &* 100_000_000 &+ Self.eightDigits(p)
                p += 8
            }
            Self.scanDigits(&p, &mantissa)
            exponent = fraction - p
            digitCount &-= exponent
        }
        // 19 digits always fit the integer.
        guard digitCount > 0, digitCount <= 19 else { return false }
        if p.pointee | 0x20 == UInt8(ascii: "e") {
            guard Self.scanExponent(&p, &exponent) else { return false }
        }
        guard let magnitude = rounded(mantissa, exponent) else { return false }
        value = isNegative ? -magnitude : magnitude
        cursor = p
        return true
    }

    /// Reads all of `text`, whatever it holds.
    func parse(_ text: UnsafeBufferPointer<UInt8>) -> Outcome {
        guard Self.isNumber(text) else { return .malformed }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { copy in
            for (index, byte) in text.enumerated() { copy[index] = CChar(bitPattern: byte) }
            copy[text.count] = 0
            guard let start = copy.baseAddress else { return .malformed }
            let value = strtof(start, nil)
            return value.isFinite ? .number(value) : .outOfRange
        }
    }

    /// `mantissa * 10^exponent`, or `nil` when this arithmetic cannot tell the right float.
    @inline(__always)
    private func rounded(_ mantissa: UInt64, _ exponent: Int) -> Float? {
        if exponent == 0, mantissa <= 1 << 24 { return Float(mantissa) }
        guard mantissa != 0 else { return 0 }
        guard exponent >= -Self.largestPower, exponent <= Self.largestPower else { return nil }
        let wide =
            exponent < 0
            ? Double(mantissa) / powers[0 &- exponent] : Double(mantissa) * powers[exponent]
        // A double has 29 bits more than a float: those of a midpoint are a one and zeros.
        let surplus = wide.bitPattern & 0x1FFF_FFFF
        guard surplus &- (0x1000_0000 - 8) > 16, wide >= 0x1p-126, wide < 0x1p127 else { return nil }
        return Float(wide)
    }

    @inline(__always)
    private static func scanDigits(_ p: inout UnsafePointer<UInt8>, _ mantissa: inout UInt64) {
        var digit = p.pointee &- UInt8(ascii: "0")
        while digit <= 9 {
            mantissa = mantissa &* 10 &+ UInt64(digit)
            p += 1
            digit = p.pointee &- UInt8(ascii: "0")
        }
    }

    /// Reads `e`, a sign and up to four digits onto `exponent`.
    @inline(never)
    private static func scanExponent(
        _ cursor: inout UnsafePointer<UInt8>, _ exponent: inout Int
    ) -> Bool {
        var p = cursor + 1
        let isNegative = p.pointee == UInt8(ascii: "-")
        if isNegative || p.pointee == UInt8(ascii: "+") { p += 1 }
        let first = p
        var value: UInt64 = 0
        while p.pointee &- UInt8(ascii: "0") <= 9, p - first < 4 {
            value = value &* 10 &+ UInt64(p.pointee &- UInt8(ascii: "0"))
            p += 1
        }
        guard p > first, p.pointee &- UInt8(ascii: "0") > 9 else { return false }
        exponent += isNegative ? -Int(value) : Int(value)
        cursor = p
        return true
    }

    /// Whether eight digits start at `p`: each byte has high half 3, and keeps it when 6 is added.
    @inline(__always)
    private static func isEightDigits(_ p: UnsafePointer<UInt8>) -> Bool {
        let word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
        let high: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        return (word & high) | (((word &+ 0x0606_0606_0606_0606) & high) >> 4) == 0x3333_3333_3333_3333
    }

    /// The number that eight digits spell: pairs, then fours, then all, in one word.
    @inline(__always)
    private static func eightDigits(_ p: UnsafePointer<UInt8>) -> UInt64 {
        var word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self) &- 0x3030_3030_3030_3030
        word = (word &* 10 &+ (word >> 8)) & 0x00FF_00FF_00FF_00FF
        word = (word &* 100 &+ (word >> 16)) & 0x0000_FFFF_0000_FFFF
        return (word &* 10_000 &+ (word >> 32)) & 0xFFFF_FFFF
    }

    private static func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var rest = text[...]
        func takeSign() { if let sign = rest.first, sign == 0x2B || sign == 0x2D { rest = rest.dropFirst() } }
        func takeDigits() -> Int {
            let count = rest.prefix { $0 &- UInt8(ascii: "0") <= 9 }.count
            rest = rest.dropFirst(count)
            return count
        }
        takeSign()
        var digits = takeDigits()
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            digits += takeDigits()
        }
        guard digits > 0 else { return false }
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            rest = rest.dropFirst()
            takeSign()
            guard takeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
