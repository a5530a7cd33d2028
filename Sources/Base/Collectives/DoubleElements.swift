/// `Double` as `Int64` with a power-of-two scale for each value, in integer arithmetic throughout.
///
/// With b ≥ 1 the largest biased exponent of an element over all shards and h the headroom, the values
/// are less than 2^(b − 1022), and one unit of the integers stands for 2^(b + h − 1085). With up to
/// 1,024 shards the value of largest magnitude keeps all its 53 bits.
enum DoubleElements: FixedPointFormat {
    static let blockLength = 1
    static let nonFiniteExponent: Int16 = 2047
    static let typeName = "Double"

    static func headroom(shardCount: Int) -> Int {
        headroom(width: 64, significandBits: 53, least: 1, shardCount: shardCount)
    }

    static func raise(
        _ exponents: UnsafeMutablePointer<Int16>, to part: UnsafePointer<Double>, count: Int
    ) {
        for index in 0..<count {
            let exponent = Int16(truncatingIfNeeded: part[index].bitPattern >> 52) & 0x7FF
            exponents[index] = max(exponents[index], exponent)
        }
    }

    static func quantize(
        _ parts: [UnsafePointer<Double>], count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into integers: UnsafeMutablePointer<Int64>, adds: Bool
    ) {
        if !adds { integers.update(repeating: 0, count: count) }
        for part in parts {
            for index in 0..<count {
                integers[index] &+= rounded(
                    part[index].bitPattern, largest: UInt64(exponents[index]), headroom: UInt64(headroom))
            }
        }
    }

    /// The nearest whole number of units, ties to even.
    @inline(__always)
    private static func rounded(_ bits: UInt64, largest: UInt64, headroom: UInt64) -> Int64 {
        let field = (bits >> 52) & 0x7FF
        let fraction = bits & 0x000F_FFFF_FFFF_FFFF
        let significand = field == 0 ? fraction : fraction | 1 << 52
        // Less than 2^63, in units of 2^(field − 1085); the headroom makes the shift at least 1.
        let wide = significand << 10
        let shift = max(largest, 1) &- max(field, 1) &+ headroom
        let kept = wide &>> shift
        let half = (UInt64(1) &<< (shift &- 1)) &- 1
        let magnitude = shift > 63 ? 0 : Int64(bitPattern: (wide &+ half &+ (kept & 1)) &>> shift)
        let sign = Int64(bitPattern: bits) >> 63
        return (magnitude ^ sign) &- sign
    }

    static func restore(
        _ integers: UnsafePointer<Int64>, count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into values: UnsafeMutablePointer<Double>
    ) {
        for index in 0..<count {
            let unit = max(Int(exponents[index]), 1) + headroom - 1085
            let bits = min(pattern(integers[index].magnitude, unitExponent: unit), 0x7FF0_0000_0000_0000)
            values[index] = Double(bitPattern: integers[index] < 0 ? bits | 1 << 63 : bits)
        }
    }

    /// Below that, 2^63 units are less than 2^1023.
    static func riskyExponent(headroom: Int) -> Int16 { Int16(2046 - headroom) }

    /// The bit pattern of `magnitude` · 2^`unitExponent`, rounded once to nearest-even; infinity's or
    /// more when that is out of range.
    @inline(__always)
    private static func pattern(_ magnitude: UInt64, unitExponent: Int) -> UInt64 {
        guard magnitude != 0 else { return 0 }
        let width = 64 - magnitude.leadingZeroBitCount
        // 53 bits stay, or fewer where the last one would be below the smallest subnormal.
        let dropped = max(width - 53, -1074 - unitExponent)
        var significand = magnitude
        if dropped > 0 {
            let kept = magnitude >> UInt64(dropped)
            significand = (magnitude + (1 << UInt64(dropped - 1)) - 1 + (kept & 1)) >> UInt64(dropped)
        } else {
            significand <<= UInt64(-dropped)
        }
        // The leading bit of a normal significand adds the one that is missing in the exponent field.
        return UInt64(unitExponent + dropped + 1074) << 52 + significand
    }

    static func reduce(
        _ integers: UnsafeMutableBufferPointer<Int64>, _ communicator: any Communicator
    ) throws {
        try communicator.allReduce(integers, .sum)
    }
}
