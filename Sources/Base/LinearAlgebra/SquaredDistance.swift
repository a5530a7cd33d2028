/// Squared Euclidean distances, summed in a fixed order.
public enum SquaredDistance {
    /// Σ (a[i] − b[i])² over `count` elements: eight partial sums in Float, added pairwise at the end of
    /// every 1,024 elements to a sum in double precision.
    public static func between(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
    ) -> Double {
        var total = 0.0
        var start = 0
        while start < count {
            let end = min(start + 1024, count)
            var lanes = SIMD8<Float>(repeating: 0)
            var index = start
            while index + 8 <= end {
                let left = UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Float>.self)
                let right = UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Float>.self)
                let difference = left - right
                lanes += difference * difference
                index += 8
            }
            var part: Float = 0
            while index < end {
                let difference = a[index] - b[index]
                part += difference * difference
                index += 1
            }
            let quarters = lanes.lowHalf + lanes.highHalf
            let halves = quarters.lowHalf + quarters.highHalf
            total += Double(part + (halves[0] + halves[1]))
            start = end
        }
        return total
    }
}
