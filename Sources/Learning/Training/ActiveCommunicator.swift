public import Collectives

/// A communicator that notes in a rank's activity when it waits for the other ranks.
public final class ActiveCommunicator: Communicator {
    private let base: any Communicator
    private let activity: RankActivity

    public init(_ base: any Communicator, _ activity: RankActivity) {
        self.base = base
        self.activity = activity
    }

    public var rank: Int { base.rank }
    public var size: Int { base.size }
    public var messageBytes: Int { base.messageBytes }
    public var step: Int? {
        get { base.step }
        set {
            base.step = newValue
            if let newValue { activity.begin(step: newValue) }
        }
    }

    public func barrier() throws { try activity.wait("barrier") { try base.barrier() } }
    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int) throws {
        try activity.wait("broadcast") { try base.broadcast(buffer, root: root) }
    }
    public func gather(_ bytes: [UInt8], root: Int) throws -> [[UInt8]] {
        try activity.wait("gather") { try base.gather(bytes, root: root) }
    }
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int64>, _ operation: ReduceOperation) throws {
        try activity.wait("allreduce") { try base.allReduce(buffer, operation) }
    }
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int32>, _ operation: ReduceOperation) throws {
        try activity.wait("allreduce") { try base.allReduce(buffer, operation) }
    }
    public func allReduce(_ buffer: UnsafeMutableBufferPointer<Int16>, _ operation: ReduceOperation) throws {
        try activity.wait("allreduce") { try base.allReduce(buffer, operation) }
    }
    public func exchange(
        _ sent: UnsafeRawBufferPointer, to: Int, _ received: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        try activity.wait("exchange") { try base.exchange(sent, to: to, received, from: from) }
    }
    public func survivors() throws -> (any Communicator)? {
        let survivors = try activity.wait("shrink") { try base.survivors() }
        return survivors.map { ActiveCommunicator($0, activity) }
    }
    public func abort(code: Int32) -> Never { base.abort(code: code) }
}
