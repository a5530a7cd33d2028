import COpenBLAS

/// Setting up the kernels; call once in a process, before the first product.
public enum LinearAlgebra {
    /// What decides the bits of a product besides its operands.
    public struct Kernels: Sendable, Equatable {
        /// OpenBLAS's name of the kernels it chose for this processor, `Haswell`. Results of different
        /// core types differ in their last bits, so a gang refuses a mixture.
        public let coreType: String
    }

    /// One thread in BLAS (threads are over logical shards), and which kernels it uses.
    ///
    /// A product's bits depend on its operands and shapes only: not on alignment, nor on the thread
    /// that asks. They do depend on the number of rows, so a shard's rows of a batch always go through
    /// calls of the same shapes.
    @discardableResult
    public static func prepare() -> Kernels {
        openblas_set_num_threads(1)
        let name = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
        return Kernels(coreType: name)
    }
}
