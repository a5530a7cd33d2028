import CFixedPoint

/// `Float` as `Int32` with one power-of-two scale for each 1,024 values.
///
/// With b the largest biased exponent of a block and h the headroom, every value of the block is less
/// than 2^(b − 126), and one unit of the integers stands for 2^(b + h − 157). All products below are
/// products with powers of two in the range of the type, so they are exact, and the only rounding
/// is the one that is asked for.
enum FloatBlocks: FixedPointFormat {
    static let blockLength = 1024
    static let nonFiniteExponent: Int16 = 255
    static let typeName = "Float"

    static func headroom(shardCount: Int) -> Int {
        headroom(width: 32, significandBits: 24, least: 0, shardCount: shardCount)
    }

    static func raise(
        _ exponents: UnsafeMutablePointer<Int16>, to part: UnsafePointer<Float>, count: Int
    ) {
        var block = 0
        for start in stride(from: 0, to: count, by: blockLength) {
            let length = min(blockLength, count - start)
            exponents[block] = max(exponents[block], cfixed_largest_exponent(part + start, length))
            block += 1
        }
    }

    static func quantize(
        _ parts: [UnsafePointer<Float>], count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into integers: UnsafeMutablePointer<Int32>, adds: Bool
    ) {
        if parts.isEmpty, !adds { integers.update(repeating: 0, count: count) }
        var block = 0
        for start in stride(from: 0, to: count, by: blockLength) {
            let length = min(blockLength, count - start)
            let scale = Int32(157 - headroom) - Int32(exponents[block])
            for (index, part) in parts.enumerated() {
                let accumulates: Int32 = adds || index > 0 ? 1 : 0
                cfixed_quantize(part + start, length, scale, integers + start, accumulates)
            }
            block += 1
        }
    }

    static func restore(
        _ integers: UnsafePointer<Int32>, count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into values: UnsafeMutablePointer<Float>
    ) {
        var block = 0
        for start in stride(from: 0, to: count, by: blockLength) {
            let length = min(blockLength, count - start)
            let unit = Int32(exponents[block]) + Int32(headroom - 157)
            cfixed_restore(integers + start, length, unit, values + start)
            block += 1
        }
    }

    /// Below that, 2^31 units are less than 2^127.
    static func riskyExponent(headroom: Int) -> Int16 { Int16(254 - headroom) }

    static func reduce(
        _ integers: UnsafeMutableBufferPointer<Int32>, _ communicator: any Communicator
    ) throws {
        try communicator.allReduce(integers, .sum)
    }
}
