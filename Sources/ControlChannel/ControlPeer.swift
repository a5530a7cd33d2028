import Diagnostics
import NIOCore
package import Wire

/// The sending end of an authenticated connection; may be used from any task.
package struct ControlPeer: Sendable {
    /// Who is at the other end, for messages to people.
    package let address: String
    private let outbox: AsyncStream<ControlMessage>.Continuation

    /// Messages that may wait for a slow peer before the connection is given up.
    static let outboxLimit = 1024

    init(address: String, outbox: AsyncStream<ControlMessage>.Continuation) {
        self.address = address
        self.outbox = outbox
    }

    /// Queues a message; messages of one connection arrive in the order of these calls.
    ///
    /// A peer that does not read loses its connection when `outboxLimit` messages wait for it.
    package func send(_ message: ControlMessage) {
        if case .dropped = outbox.yield(message) { outbox.finish() }
    }

    /// Closes the connection when the messages queued so far are sent.
    package func close() { outbox.finish() }
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
