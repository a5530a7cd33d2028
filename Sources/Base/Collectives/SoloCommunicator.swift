import Glibc

/// A world of one rank, without MPI.
public final class SoloCommunicator: Communicator {
    public let rank = 0
    public let size = 1
    public var step: Int?

    public init() {}

    public func barrier() {}
    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) {
        precondition(root == 0, "a world of one rank has no rank \(root)")
    }
    public func gather(_ bytes: [UInt8], root: Int) -> [[UInt8]] {
        precondition(root == 0, "a world of one rank has no rank \(root)")
        return [bytes]
    }
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) {}
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) {}
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) {}
    public func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) {
        precondition(to == 0 && from == 0, "a world of one rank has no other")
        received.copyMemory(from: sent)
    }
    public func abort(code: Int32) -> Never { Glibc.exit(code) }
}
