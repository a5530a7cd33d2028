/// eˣ of Floats in a fixed sequence of IEEE operations: the same bits on every processor, and in a form
/// that compilers turn into vector code.
///
/// Cody and Waite's reduction to |r| ≤ ln 2 / 2, then the minimax polynomial of degree 7 of Moshier's
/// Cephes; within 2 units in the last place between −87 and 88, and clamped outside.
public enum Exponential {
    /// Replaces every value by its exponential.
    public static func apply(_ values: UnsafeMutableBufferPointer<Float>) {
        for index in 0..<values.count { values[index] = exponential(values[index]) }
    }

    /// eˣ.
    @inline(__always)
    public static func exponential(_ x: Float) -> Float {
        // A NaN must stay one, so that the sum over shards reports it.
        let clamped = x < -87 ? -87 : x > 88 ? 88 : x
        // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the low bits.
        let shifted = clamped * 1.442695041 + 12_582_912
        let whole = shifted - 12_582_912
        let rest = (clamped - whole * 0.693359375) - whole * -2.12194440e-4
        var series: Float = 1.9875691e-4
        series = series * rest + 1.3981999e-3
        series = series * rest + 8.3334519e-3
        series = series * rest + 4.1665796e-2
        series = series * rest + 1.6666665e-1
        series = series * rest + 5.0000001e-1
        series = series * (rest * rest) + rest + 1
        let exponent = shifted.bitPattern &- Float(12_582_912).bitPattern &+ 127
        return series * Float(bitPattern: exponent &<< 23)
    }
}
