/// How values become integers with a common scale and a sum of integers becomes a value again.
///
/// Values are cut into blocks; the scale of a block follows from `exponents[block]`, the largest
/// biased exponent of the block over all shards of the world, and from the headroom. All functions
/// are pure and work on whole blocks (the last block of an array may be short). Every `exponents`,
/// part and integer pointer is already advanced to the range the call is about.
protocol FixedPointFormat: SendableMetatype {
    associatedtype Value: BinaryFloatingPoint & SendableMetatype
    associatedtype Integer: FixedWidthInteger & SignedInteger & BitwiseCopyable & SendableMetatype
    /// Values that share an exponent.
    static var blockLength: Int { get }
    /// The biased exponent of infinities and NaNs: the largest there is.
    static var nonFiniteExponent: Int16 { get }
    /// Named in messages.
    static var typeName: String { get }
    /// The fewest headroom bits with which `shardCount` integers add up without overflow.
    static func headroom(shardCount: Int) -> Int

    /// Raises `exponents` to the largest biased exponent of each block of `part`.
    static func raise(
        _ exponents: UnsafeMutablePointer<Int16>, to part: UnsafePointer<Value>, count: Int)
    /// Sums the scaled and rounded `parts` into `integers`, or adds them to what is there.
    static func quantize(
        _ parts: [UnsafePointer<Value>], count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into integers: UnsafeMutablePointer<Integer>, adds: Bool)
    /// Writes the values that `integers` stand for, rounded once to nearest-even; infinity for those
    /// out of range.
    static func restore(
        _ integers: UnsafePointer<Integer>, count: Int, exponents: UnsafePointer<Int16>, headroom: Int,
        into values: UnsafeMutablePointer<Value>)
    /// The least exponent of a block whose sum may be out of range.
    static func riskyExponent(headroom: Int) -> Int16
    /// The first position in `part` that is not finite, and whether it is a NaN.
    static func firstNonFinite(_ part: UnsafePointer<Value>, count: Int) -> (index: Int, isNaN: Bool)?
    /// Adds up the integers of all ranks. Collective.
    static func reduce(
        _ integers: UnsafeMutableBufferPointer<Integer>, _ communicator: any Communicator) throws
}

extension FixedPointFormat {
    static func firstNonFinite(_ part: UnsafePointer<Value>, count: Int) -> (index: Int, isNaN: Bool)? {
        for index in 0..<count where !part[index].isFinite { return (index, part[index].isNaN) }
        return nil
    }

    /// A value with `significandBits` bits is scaled to less than 2^(width − 1 − bits). It rounds to at
    /// most `largest`; the smallest `bits` for which `shardCount` of those fit is the headroom.
    static func headroom(width: Int, significandBits: Int, least: Int, shardCount: Int) -> Int {
        let most = (UInt64(1) << UInt64(width - 1)) - 1
        var bits = least
        while true {
            let spare = width - 1 - significandBits - bits
            let limit = UInt64(1) << UInt64(width - 1 - bits)
            let largest = spare >= 0 ? limit - (UInt64(1) << UInt64(spare)) : limit
            let product = largest.multipliedReportingOverflow(by: UInt64(shardCount))
            if !product.overflow, product.partialValue <= most { return bits }
            bits += 1
        }
    }
}
