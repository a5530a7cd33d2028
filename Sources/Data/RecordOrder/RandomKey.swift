/// Counter-based random numbers: a pure function of a path of keys, the same on every machine.
///
/// Each child mixes one more word into the key with the finaliser of SplitMix64 (Steele, Lea and
/// Flood, OOPSLA 2014, p. 459), so that `seed → epoch → shard → index` addresses one number.
public struct RandomKey: Sendable, Equatable {
    public enum Part: Sendable {
        case step(Int), epoch(Int), shard(Int), index(Int), purpose(UInt64)
    }

    package let word: UInt64

    public init(seed: UInt64) { word = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }
    private init(word: UInt64) { self.word = word }

    public func child(_ part: Part) -> RandomKey {
        let (tag, value): (UInt64, UInt64) =
            switch part {
            case .step(let value): (1, UInt64(value))
            case .epoch(let value): (2, UInt64(value))
            case .shard(let value): (3, UInt64(value))
            case .index(let value): (4, UInt64(value))
            case .purpose(let value): (5, value)
            }
        let keyed = Self.mix(word ^ (tag &* 0xD6E8_FEB8_6659_FD93))
        return RandomKey(word: Self.mix(keyed &+ (value &+ 1) &* 0x9E37_79B9_7F4A_7C15))
    }

    /// A whole number, uniform over all 64-bit words.
    public var bits: UInt64 { Self.mix(word ^ 0x2545_F491_4F6C_DD1D) }
    /// A number in [0, 1), a multiple of 2⁻⁵³.
    public var unit: Double { Double(bits >> 11) * 0x1p-53 }
    /// A whole number in 0 ..< bound, by multiplication (Lemire 2019), bias < bound / 2⁶⁴.
    public func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound must be positive")
        return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
