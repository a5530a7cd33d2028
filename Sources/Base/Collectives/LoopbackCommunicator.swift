import Diagnostics
import Glibc

/// One rank of a `LoopbackWorld`.
final class LoopbackCommunicator: Communicator {
    let rank: Int
    let size: Int
    var step: Int?
    private let meeting: LoopbackMeeting

    init(rank: Int, size: Int, meeting: LoopbackMeeting) {
        self.rank = rank
        self.size = size
        self.meeting = meeting
    }

    func barrier() throws { try meet("barrier()") { _ in } }

    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try checkRoot(root)
        try meet("broadcast(\(buffer.count) bytes, root: \(root))", buffer) { calls in
            let source = UnsafeRawBufferPointer(calls[root].memory)
            for (rank, call) in calls.enumerated() where rank != root {
                call.memory.copyMemory(from: source)
            }
        }
    }

    func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] {
        try checkRoot(root)
        return try meet("gather(root: \(root))", bytes: [bytes]) { calls in
            let all = calls.flatMap(\.bytes)
            for rank in calls.indices { calls[rank].bytes = rank == root ? all : [] }
        }
    }

    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) throws {
        try reduce(buffer, operation)
    }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) throws {
        try reduce(buffer, operation)
    }
    func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) throws {
        try reduce(buffer, operation)
    }

    private func reduce<Element: FixedWidthInteger & BitwiseCopyable>(
        _ buffer: UnsafeMutableBufferPointer<Element>, _ operation: ReduceOperation
    ) throws {
        let words = "allReduce(\(buffer.count) × \(Element.self), .\(operation))"
        try meet(words, UnsafeMutableRawBufferPointer(buffer)) { calls in
            let buffers = calls.map { $0.memory.assumingMemoryBound(to: Element.self) }
            let total = buffers[0]
            for other in buffers.dropFirst() {
                for index in total.indices {
                    switch operation {
                    case .sum: total[index] &+= other[index]
                    case .max: total[index] = Swift.max(total[index], other[index])
                    case .min: total[index] = Swift.min(total[index], other[index])
                    }
                }
            }
            for other in buffers.dropFirst() { _ = other.update(from: total) }
        }
    }

    func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        try checkRoot(to)
        try checkRoot(from)
        let call = LoopbackMeeting.Call(
            words: "exchange", memory: received, bytes: [[UInt8](sent)], from: from, to: to)
        _ = try meeting.meet(rank, call) { calls in
            for (rank, call) in calls.enumerated() {
                guard calls[call.from].to == rank, calls[call.from].bytes[0].count == call.memory.count else {
                    throw LockstepError(
                        .bug, "rank \(call.from) does not send the bytes that rank \(rank) waits for")
                }
                call.memory.copyBytes(from: calls[call.from].bytes[0])
            }
        }
    }

    /// A thread cannot be ended from within; this one is parked, and the world ends as with a throw.
    func abort(code: Int32) -> Never {
        let error = LockstepError(.conflict, "rank \(rank) aborted the world with exit status \(code)")
        meeting.leave(rank, with: error)
        while true { pause() }
    }

    private func checkRoot(_ root: Int) throws {
        guard root >= 0 && root < size else {
            throw LockstepError(.bug, "a world of \(size) ranks has no rank \(root)")
        }
    }

    @discardableResult
    private func meet(
        _ words: String, _ memory: UnsafeMutableRawBufferPointer = .init(start: nil, count: 0),
        bytes: [[UInt8]] = [], _ work: (inout [LoopbackMeeting.Call]) throws -> Void
    ) throws -> [[UInt8]] {
        try meeting.meet(rank, LoopbackMeeting.Call(words: words, memory: memory, bytes: bytes), work)
    }
}
