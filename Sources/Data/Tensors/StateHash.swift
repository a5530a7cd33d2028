/// A fast 64-bit hash over bytes, for comparing states at every step.
///
/// Four lanes of multiply and rotate, 32 bytes a round, in the manner of xxHash64 (Collet 2012; not
/// its exact function). It finds accidents, not forgery: checkpoints and models carry SHA-256.
package struct StateHasher {
    private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63
    )
    private static let prime: UInt64 = 0x9FB2_1C65_1E98_DF25
    private var length: UInt64 = 0

    package init() {}

    /// Feeds a word.
    package mutating func feed(_ word: UInt64) {
        length &+= 8
        lanes.0 = Self.round(lanes.0, word)
        lanes = (lanes.1, lanes.2, lanes.3, lanes.0)
    }

    /// Feeds bytes; the split into calls matters.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        length &+= UInt64(bytes.count)
        var (a, b, c, d) = lanes
        var offset = 0
        while offset + 32 <= bytes.count {
            a = Self.round(a, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            b = Self.round(b, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self).littleEndian)
            c = Self.round(c, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self).littleEndian)
            d = Self.round(d, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self).littleEndian)
            offset += 32
        }
        while offset < bytes.count {
            var word: UInt64 = 0
            for index in 0..<min(8, bytes.count - offset) {
                word |= UInt64(bytes[offset + index]) << UInt64(8 * index)
            }
            a = Self.round(a, word)
            (a, b, c, d) = (b, c, d, a)
            offset += 8
        }
        lanes = (a, b, c, d)
    }

    /// The hash of all that was fed.
    package var value: UInt64 {
        var word = length
        for lane in [lanes.0, lanes.1, lanes.2, lanes.3] { word = Self.finish(word ^ lane) &* Self.prime }
        return Self.finish(word)
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        let mixed = (lane ^ word) &* prime
        return mixed ^ (mixed >> 32)
    }

    private static func finish(_ word: UInt64) -> UInt64 {
        var z = word
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension NamedTensors {
    /// Fast 64-bit hash over names, element types, shapes and bytes, in order of names: the state
    /// hash of every commit. Equal sets have equal hashes on every machine.
    public var stateHash: UInt64 {
        var hasher = StateHasher()
        func feed(_ text: String) {
            var text = text
            hasher.feed(UInt64(text.utf8.count))
            text.withUTF8 { hasher.feed(UnsafeRawBufferPointer($0)) }
        }
        for name in names.sorted() {
            guard let tensor = self[name] else { continue }
            feed(name)
            feed(tensor.elementType.rawValue)
            hasher.feed(UInt64(tensor.shape.count))
            for extent in tensor.shape { hasher.feed(UInt64(extent)) }
            tensor.bytes.withUnsafeBytes { hasher.feed($0) }
        }
        return hasher.value
    }
}
