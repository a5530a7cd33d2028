import Glibc

/// The rounding rule of the calling thread.
enum FloatingPointMode {
    /// Runs `body` with rounding to nearest-even and with subnormal numbers kept.
    ///
    /// Numerical libraries set flush-to-zero and other roundings per thread; sums must not depend on
    /// them. The thread's own mode is back in force afterwards.
    static func withStandard<Result>(_ body: () throws -> Result) rethrows -> Result {
        var own = fenv_t()
        fegetenv(&own)
        if own.isStandard { return try body() }
        var standard = own
        standard.makeStandard()
        fesetenv(&standard)
        defer { fesetenv(&own) }
        return try body()
    }
}

#if arch(x86_64)
    extension fenv_t {
        // MXCSR: bit 6 reads subnormals as zero, bits 13 and 14 choose the rounding, bit 15 writes
        // subnormals as zero.
        private var rules: UInt32 { 0xE040 }
        fileprivate var isStandard: Bool { __mxcsr & rules == 0 }
        fileprivate mutating func makeStandard() { __mxcsr &= ~rules }
    }
#elseif arch(arm64)
    extension fenv_t {
        // FPCR: bits 22 and 23 choose the rounding, bit 24 flushes subnormals to zero.
        private var rules: UInt32 { 0x01C0_0000 }
        fileprivate var isStandard: Bool { __fpcr & rules == 0 }
        fileprivate mutating func makeStandard() { __fpcr &= ~rules }
    }
#endif
