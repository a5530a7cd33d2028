import ClusterTypes
import ControlChannel
import Diagnostics
import Wire

/// The coordinator's end of one worker's connection.
///
/// Heartbeats are answered as they come. Everything else goes to the coordinator in its order, and waits
/// while the store cannot be written: nothing is lost, and no healthy worker is taken for a lost one.
struct WorkerLine {
    let coordinator: Coordinator
    let peer: ControlPeer

    /// Messages that may wait for the store before the connection is given up; the worker tells them again.
    static let waitingAtMost = 4096
    /// Between two attempts at the store.
    static let pause = Duration.milliseconds(200)

    func serve(_ inbox: inout ControlInbox) async throws {
        guard case .register(let registration) = try await inbox.next() else {
            throw LockstepError(.network, "\(peer.address) did not register as a worker")
        }
        let id = registration.worker
        let connection: Int
        do {
            connection = try await patiently(id) {
                try await coordinator.register(registration, peer: peer)
            }
        } catch let error as LockstepError {
            peer.send(.refused(code: error.code.rawValue, reason: error.message))
            throw error
        }
        do {
            try await hear(id, connection, &inbox)
        } catch {
            await coordinator.disconnected(id, connection: connection)
            throw error
        }
        await coordinator.disconnected(id, connection: connection)
    }

    private func hear(_ id: WorkerID, _ connection: Int, _ inbox: inout ControlInbox) async throws {
        let (waiting, queue) = AsyncStream.makeStream(
            of: ControlMessage.self, bufferingPolicy: .bufferingOldest(Self.waitingAtMost))
        async let following: Void = follow(id, connection, waiting)
        do {
            while let message = try await inbox.next() {
                coordinator.signs.note(id, at: coordinator.clock.now.steady)
                if case .heartbeat(let sequence, _) = message {
                    peer.send(.heartbeat(sequence: sequence, hotStateBytes: 0))
                }
                if case .dropped = queue.yield(message) {
                    throw LockstepError(
                        .network, "\(Self.waitingAtMost) messages of worker \(id) wait for the job store")
                }
            }
        } catch {
            queue.finish()
            throw error
        }
        queue.finish()
        try await following
    }

    /// Hands messages to the coordinator until the connection is over.
    private func follow(
        _ id: WorkerID, _ connection: Int, _ waiting: AsyncStream<ControlMessage>
    ) async throws {
        do {
            for await message in waiting {
                try await patiently(id) {
                    try await coordinator.heard(id, connection: connection, message)
                }
            }
        } catch {
            // The reader may be waiting for a message that never comes.
            peer.close()
            throw error
        }
    }

    /// Repeats what fails for want of the store.
    private func patiently<Result: Sendable>(
        _ id: WorkerID, _ body: () async throws -> Result
    ) async throws -> Result {
        while true {
            do {
                return try await body()
            } catch let error as LockstepError where error.code == .io || error.code == .full {
                await coordinator.noteStoreTrouble(error)
                coordinator.signs.note(id, at: coordinator.clock.now.steady)
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
