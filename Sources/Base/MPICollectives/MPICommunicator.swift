import CMPI
public import Collectives
import Diagnostics
import Glibc

/// A rank of the MPI world of this process, made by `MPIWorld.run`.
///
/// MPI takes counts of 31 bits; longer buffers go in several calls. An MPI error is thrown as
/// `LockstepError(.network)` with MPI's own text.
public final class MPICommunicator: Communicator {
    public let rank: Int
    public let size: Int
    public var step: Int?
    public let messageBytes: Int
    private let world: MPI_Comm
    private let largestCount: Int

    /// - Parameter largestCount: elements in one MPI call at most; less than the default in tests only.
    convenience init(largestCount: Int) throws {
        try self.init(cmpi_comm_world(), largestCount: largestCount)
    }

    private init(_ world: MPI_Comm, largestCount: Int) throws {
        precondition((1...Int(Int32.max)).contains(largestCount), "MPI counts have 31 bits")
        self.world = world
        self.largestCount = largestCount
        var rank: Int32 = 0
        var size: Int32 = 0
        try MPIStatus.check(MPI_Comm_rank(world, &rank), "MPI_Comm_rank", rank: 0)
        try MPIStatus.check(MPI_Comm_size(world, &size), "MPI_Comm_size", rank: Int(rank))
        self.rank = Int(rank)
        self.size = Int(size)
        messageBytes = try Self.isOnOneHost(world, rank: self.rank, size: size) ? 1 << 20 : 1 << 22
    }

    /// Whether all ranks share memory. Collective.
    private static func isOnOneHost(_ world: MPI_Comm, rank: Int, size: Int32) throws -> Bool {
        var host: MPI_Comm? = world
        let status = MPI_Comm_split_type(world, Int32(MPI_COMM_TYPE_SHARED), 0, cmpi_info_null(), &host)
        try MPIStatus.check(status, "MPI_Comm_split_type", rank: rank)
        var smallest: Int32 = 0
        try MPIStatus.check(MPI_Comm_size(host, &smallest), "MPI_Comm_size", rank: rank)
        try MPIStatus.check(MPI_Comm_free(&host), "MPI_Comm_free", rank: rank)
        try MPIStatus.check(
            MPI_Allreduce(cmpi_in_place(), &smallest, 1, cmpi_int32(), cmpi_min(), world),
            "MPI_Allreduce", rank: rank)
        return smallest == size
    }

    public func barrier() throws { try check(MPI_Barrier(world), "MPI_Barrier") }

    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        let root = try rank(root)
        try forEachPiece(of: buffer.count) { offset, count in
            try check(
                MPI_Bcast(buffer.baseAddress.map { $0 + offset }, count, cmpi_byte(), root, world),
                "MPI_Bcast")
        }
    }

    public func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] {
        let counts = try allCounts(bytes.count)
        let total = counts.reduce(0, +)
        return total <= largestCount
            ? try gatherAtOnce(bytes, counts, total, root: root)
            : try gatherInTurn(bytes, counts, root: root)
    }

    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) throws {
        try reduce(buffer, cmpi_int64(), operation)
    }
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) throws {
        try reduce(buffer, cmpi_int32(), operation)
    }
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) throws {
        try reduce(buffer, cmpi_int16(), operation)
    }

    public func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        let to = try rank(to)
        let from = try rank(from)
        try forEachPiece(of: max(sent.count, received.count)) { offset, count in
            // The direction that has ended has no partner any more.
            let outgoing = Int32(max(0, min(Int(count), sent.count - offset)))
            let incoming = Int32(max(0, min(Int(count), received.count - offset)))
            try check(
                cmpi_sendrecv(
                    sent.baseAddress.map { $0 + offset }, outgoing, outgoing > 0 ? to : MPI_PROC_NULL,
                    received.baseAddress.map { $0 + offset }, incoming, incoming > 0 ? from : MPI_PROC_NULL,
                    world),
                "MPI_Sendrecv")
        }
    }

    /// Sums floats in the order that MPI chooses: the result depends on the world. Collective.
    ///
    /// Only to measure the exact sum against.
    package func inexactSum(
        _ part: UnsafeMutableBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>
    ) throws {
        precondition(part.count == result.count, "a part and a result of one size")
        try forEachPiece(of: part.count) { offset, count in
            let source = part.baseAddress.map { $0 + offset }
            let target = result.baseAddress.map { $0 + offset }
            try check(
                MPI_Allreduce(source, target, count, cmpi_float(), cmpi_sum(), world), "MPI_Allreduce")
        }
    }

    /// Shrinks in place where the MPI at run time has user-level failure mitigation (ULFM, MPI 5; Bland
    /// et al. 2013) and `mpirun` was told to let a world outlive its ranks.
    public func survivors() throws -> (any Communicator)? {
        guard cmpi_can_shrink() != 0 else { return nil }
        // Fails only where it has been done already.
        _ = cmpi_revoke(world)
        var smaller: MPI_Comm? = cmpi_comm_self()
        try check(cmpi_shrink(world, &smaller), "MPI_Comm_shrink")
        guard let smaller else { return nil }
        try check(MPI_Comm_set_errhandler(smaller, cmpi_errors_return()), "MPI_Comm_set_errhandler")
        let survivors = try MPICommunicator(smaller, largestCount: largestCount)
        survivors.step = step
        return survivors
    }

    public func abort(code: Int32) -> Never {
        MPI_Abort(world, code)
        Glibc.exit(code)
    }

    private func reduce<Element>(
        _ buffer: UnsafeMutableBufferPointer<Element>, _ type: MPI_Datatype, _ operation: ReduceOperation
    ) throws {
        try forEachPiece(of: buffer.count) { offset, count in
            let piece = buffer.baseAddress.map { $0 + offset }
            try check(
                MPI_Allreduce(cmpi_in_place(), piece, count, type, operation.handle, world),
                "MPI_Allreduce")
        }
    }

    private func allCounts(_ count: Int) throws -> [Int] {
        var mine = Int64(count)
        var counts = [Int64](repeating: 0, count: size)
        try check(
            MPI_Allgather(&mine, 1, cmpi_int64(), &counts, 1, cmpi_int64(), world), "MPI_Allgather")
        return counts.map { Int($0) }
    }

    private func gatherAtOnce(_ bytes: [UInt8], _ counts: [Int], _ total: Int, root: Int) throws -> [[UInt8]]
    {
        let offsets = counts.indices.map { counts[..<$0].reduce(0, +) }
        var all = [UInt8](repeating: 0, count: rank == root ? total : 0)
        try check(
            MPI_Gatherv(
                bytes, Int32(bytes.count), cmpi_byte(), &all, counts.map { Int32($0) },
                offsets.map { Int32($0) }, cmpi_byte(), try rank(root), world),
            "MPI_Gatherv")
        guard rank == root else { return [] }
        return zip(offsets, counts).map { [UInt8](all[$0..<$0 + $1]) }
    }

    private func gatherInTurn(_ bytes: [UInt8], _ counts: [Int], root: Int) throws -> [[UInt8]] {
        let root = try rank(root)
        guard rank == Int(root) else {
            try bytes.withUnsafeBytes { buffer in
                try forEachPiece(of: buffer.count) { offset, count in
                    let piece = buffer.baseAddress.map { $0 + offset }
                    try check(MPI_Send(piece, count, cmpi_byte(), root, 0, world), "MPI_Send")
                }
            }
            return []
        }
        return try counts.enumerated().map { sender, count in
            if sender == rank { return bytes }
            var received = [UInt8](repeating: 0, count: count)
            try received.withUnsafeMutableBytes { buffer in
                try forEachPiece(of: count) { offset, count in
                    let piece = buffer.baseAddress.map { $0 + offset }
                    try check(cmpi_recv(piece, count, Int32(sender), 0, world), "MPI_Recv")
                }
            }
            return received
        }
    }

    private func forEachPiece(of total: Int, _ body: (_ offset: Int, _ count: Int32) throws -> Void) rethrows
    {
        for offset in stride(from: 0, to: total, by: largestCount) {
            try body(offset, Int32(min(largestCount, total - offset)))
        }
    }

    private func rank(_ root: Int) throws -> Int32 {
        guard let number = Int32(exactly: root), root >= 0, root < size else {
            throw LockstepError(.bug, "a world of \(size) ranks has no rank \(root)")
        }
        return number
    }

    private func check(_ status: Int32, _ call: String) throws {
        try MPIStatus.check(status, call, rank: rank)
    }
}

extension ReduceOperation {
    fileprivate var handle: MPI_Op {
        switch self {
        case .sum: cmpi_sum()
        case .max: cmpi_max()
        case .min: cmpi_min()
        }
    }
}
