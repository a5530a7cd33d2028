/// A permutation of 0 ..< count that is a pure function of a key, with O(1) memory.
///
/// A four-round Feistel network over the smallest even number of bits that holds `count`, with
/// cycle walking for values beyond it (Black and Rogaway, CT-RSA 2002, section 3 and 4).
public struct KeyedPermutation: Sendable {
    public let count: Int
    private let halfBits: UInt64
    private let mask: UInt64
    private let keys: (UInt64, UInt64, UInt64, UInt64)

    public init(count: Int, key: RandomKey) {
        precondition(count >= 0, "a permutation has no negative size")
        self.count = count
        var bits: UInt64 = 2
        while bits < 62, (1 << bits) < UInt64(count) { bits += 2 }
        halfBits = bits / 2
        mask = (1 << halfBits) - 1
        keys = (
            key.child(.index(0)).bits, key.child(.index(1)).bits, key.child(.index(2)).bits,
            key.child(.index(3)).bits
        )
    }

    /// Where position `index` goes.
    public subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count, "position \(index) of \(count)")
        var value = UInt64(index)
        repeat { value = encrypt(value) } while value >= UInt64(count)
        return Int(value)
    }

    private func encrypt(_ value: UInt64) -> UInt64 {
        var left = value >> halfBits
        var right = value & mask
        for key in [keys.0, keys.1, keys.2, keys.3] {
            let next = left ^ (RandomKey.mix(right ^ key) & mask)
            left = right
            right = next
        }
        return (left << halfBits) | right
    }
}
