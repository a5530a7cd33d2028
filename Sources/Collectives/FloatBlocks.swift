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
            exponents[block] = max(exponents[block], largestExponent(part + start, count: length))
            block += 1
        }
    }

    /// Compares the upper halves of the bit patterns: as 16-bit integers they order like magnitudes,
    /// and they begin with the exponent.
    private static func largestExponent(_ values: UnsafePointer<Float>, count: Int) -> Int16 {
        let bytes = UnsafeRawPointer(values)
        var first = SIMD8<Int16>(repeating: 0)
        var second = first
        let even = count & ~15
        for index in stride(from: 0, to: even, by: 16) {
            let low = bytes.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Int32>.self)
            let high = bytes.loadUnaligned(fromByteOffset: index * 4 + 32, as: SIMD8<Int32>.self)
            first = pointwiseMax(first, SIMD8<Int16>(truncatingIfNeeded: low &>> 16) & 0x7FFF)
            second = pointwiseMax(second, SIMD8<Int16>(truncatingIfNeeded: high &>> 16) & 0x7FFF)
        }
        var largest = pointwiseMax(first, second).max()
        for index in even..<count {
            largest = max(largest, Int16(truncatingIfNeeded: values[index].bitPattern >> 16) & 0x7FFF)
        }
        return largest >> 7
    }

    static func quantize(
        _ parts: [UnsafePointer<Float>], count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into integers: UnsafeMutablePointer<Int32>
    ) {
        guard let first = parts.first else {
            integers.update(repeating: 0, count: count)
            return
        }
        var block = 0
        for start in stride(from: 0, to: count, by: blockLength) {
            let length = min(blockLength, count - start)
            let scale = powerOfTwo(157 - headroom - Int(exponents[block]))
            let out = integers + start
            let values = first + start
            for index in 0..<length { out[index] = rounded(values[index], scale) }
            for part in parts.dropFirst() {
                let values = part + start
                for index in 0..<length { out[index] &+= rounded(values[index], scale) }
            }
            block += 1
        }
    }

    /// Adding 1.5 · 2^52 leaves the nearest whole number, ties to even, in the low bits of the
    /// significand, in two's complement.
    @inline(__always)
    private static func rounded(_ value: Float, _ scale: Double) -> Int32 {
        Int32(truncatingIfNeeded: (Double(value) * scale + 0x1.8p52).bitPattern)
    }

    static func restore(
        _ integers: UnsafePointer<Int32>, count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into values: UnsafeMutablePointer<Float>
    ) -> Int? {
        var block = 0
        for start in stride(from: 0, to: count, by: blockLength) {
            let length = min(blockLength, count - start)
            let exponent = Int(exponents[block])
            restore(integers + start, length, unitExponent: exponent + headroom - 157, values + start)
            // Below that, 2^31 units stay inside the range.
            if exponent + headroom >= 254, let bad = firstNonFinite(values + start, count: length) {
                return start + bad.index
            }
            block += 1
        }
        return nil
    }

    private static func restore(
        _ integers: UnsafePointer<Int32>, _ count: Int, unitExponent: Int,
        _ values: UnsafeMutablePointer<Float>
    ) {
        // One unit is a normal Float: the rounding to 24 bits may come before the exact product. Else
        // the result may be subnormal, and must be rounded there, after the product in Double.
        if unitExponent >= -126 {
            let unit = Float(powerOfTwo(unitExponent))
            for index in 0..<count { values[index] = Float(integers[index]) * unit }
        } else {
            let unit = powerOfTwo(unitExponent)
            for index in 0..<count { values[index] = Float(Double(integers[index]) * unit) }
        }
    }

    private static func powerOfTwo(_ exponent: Int) -> Double {
        Double(bitPattern: UInt64(exponent + 1023) << 52)
    }

    static func reduce(
        _ integers: UnsafeMutableBufferPointer<Int32>, _ communicator: any Communicator
    ) throws {
        try communicator.allReduce(integers, .sum)
    }
}
