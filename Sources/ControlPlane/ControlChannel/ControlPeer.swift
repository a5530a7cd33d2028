import Diagnostics
import NIOCore
package import Wire

/// The sending end of an authenticated connection; may be used from any task.
package struct ControlPeer: Sendable {
    /// Who is at the other end, for messages to people.
    package let address: String
    private let deliver: @Sendable (ControlMessage?) -> Void

    /// Messages that may wait for a slow peer before the connection is given up.
    static let outboxLimit = 1024

    /// - Parameter deliver: takes each message in order, and `nil` for the wish to close.
    package init(address: String, deliver: @escaping @Sendable (ControlMessage?) -> Void) {
        self.address = address
        self.deliver = deliver
    }

    init(address: String, outbox: AsyncStream<ControlMessage>.Continuation) {
        self.init(address: address) { message in
            guard let message else { return outbox.finish() }
            if case .dropped = outbox.yield(message) { outbox.finish() }
        }
    }

    /// Queues a message; messages of one connection arrive in the order of these calls.
    ///
    /// A peer that does not read loses its connection when `outboxLimit` messages wait for it.
    package func send(_ message: ControlMessage) { deliver(message) }

    /// Closes the connection when the messages queued so far are sent.
    package func close() { deliver(nil) }
}

/// The receiving end of an authenticated connection; read by one task.
package struct ControlInbox {
    private var iterator: NIOAsyncChannelInboundStream<ControlMessage>.AsyncIterator

    init(_ iterator: NIOAsyncChannelInboundStream<ControlMessage>.AsyncIterator) {
        self.iterator = iterator
    }

    /// The next message, or `nil` when the peer has closed the connection.
    ///
    /// - Throws: `LockstepError(.network)` for a malformed frame or a broken connection.
    package mutating func next() async throws -> ControlMessage? {
        do {
            return try await iterator.next()
        } catch let error as LockstepError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw LockstepError(.network, "the connection broke", cause: error)
        }
    }
}
