package import Collectives

#if canImport(Glibc)
    import Glibc
#endif

/// A world of one rank, for programs that read a channel by themselves.
package final class SoloCommunicator: Communicator {
    package let rank = 0
    package let size = 1

    package init() {}
    package func barrier() throws {}
    package func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {}
    package func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] { [bytes] }
    package func allReduce(
        _ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation
    ) throws {}
    package func allReduce(
        _ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation
    ) throws {}
    package func allReduce(
        _ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation
    ) throws {}
    package func abort(code: Int32) -> Never { Glibc.exit(code) }
}
