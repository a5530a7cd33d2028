package import ClusterTypes
package import ControlChannel
import ControlPlane
import Diagnostics
import Foundation
import JobLifecycle
import JobStore
import Logging
package import Wire

extension Coordinator {
    /// A worker introduces itself.
    ///
    /// - Returns: the number of its connection.
    /// - Throws: `.conflict` when another daemon of its name is connected.
    package func register(_ registration: Registration, peer: ControlPeer) throws -> Int {
        let connection = nextConnection
        nextConnection += 1
        peers[connection] = peer
        do {
            try handle(.register(registration, connection: connection))
        } catch {
            peers[connection] = nil
            throw error
        }
        logger.info(
            "worker registered",
            metadata: [
                "worker": "\(registration.worker)", "kind": "\(registration.kind.rawValue)",
                "slots": "\(registration.slots)", "address": "\(registration.address)",
                "attempts": "\(registration.attempts.count)",
            ])
        return connection
    }

    /// A message of a registered worker.
    package func heard(_ id: WorkerID, connection: Int, _ message: ControlMessage) throws {
        guard cluster.workers[id]?.connection == connection, let peer = peers[connection] else { return }
        switch message {
        // It was answered where it came in.
        case .heartbeat(_, let bytes): try handle(.heartbeat(id, hotStateBytes: Int(clamping: bytes)))
        case .running(let attempt): try handle(.running(attempt, by: id))
        case .lines(let chunks):
            try handle(.heartbeat(id, hotStateBytes: cluster.workers[id]?.hotStateBytes ?? 0))
            peer.send(.received(try take(chunks, from: id)))
        case .ended(let attempt, let end):
            let told = PlausibleReport.cleaned(try Self.end(end, attempt), at: clock.now.wall)
            try handle(.ended(attempt, told, by: id))
        case .drain(let wish):
            try handle(
                .drain(id, reason: wish.reason, deadlineSeconds: wish.deadlineSeconds, isOrdered: false))
        default: throw LockstepError(.network, "worker \(id) sent a message that is not for a coordinator")
        }
    }

    /// A worker's connection has ended; it may come back within its lease.
    package func disconnected(_ id: WorkerID, connection: Int) {
        peers[connection] = nil
        guard cluster.workers[id]?.connection == connection else { return }
        logger.warning("worker disconnected", metadata: ["worker": "\(id)"])
        // Nothing of it is stored, so nothing can fail.
        _ = try? handle(.disconnect(id, connection: connection))
    }

    private static func end(_ bytes: [UInt8], _ attempt: AttemptID) throws -> AttemptEnd {
        do {
            return try JSONDecoder().decode(AttemptEnd.self, from: Data(bytes))
        } catch {
            throw LockstepError(.network, "the end of \(attempt) cannot be read", cause: error)
        }
    }

    /// Stores forwarded lines and what follows from them in one transaction.
    ///
    /// - Returns: how far every stream is stored.
    private func take(_ chunks: [LineChunk], from worker: WorkerID) throws -> [LineMark] {
        var change: ClusterChange?
        do {
            let marks = try store.write { transaction in
                var marks: [LineMark] = []
                var reports: [TrainingReport] = []
                for chunk in chunks {
                    let next = try take(chunk, from: worker, in: transaction, reports: &reports)
                    marks.append(LineMark(attempt: chunk.attempt, stream: chunk.stream, next: next))
                }
                if !reports.isEmpty {
                    let changed = try cluster.handle(.trained(reports), at: clock.now)
                    change = changed
                    try Self.save(changed, in: transaction)
                }
                return marks
            }
            if let change { carryOut(change) }
            return marks
        } catch {
            if change != nil { cluster.rollBack() }
            throw error
        }
    }

    /// Stores one piece of a log, or reads one of a gang's events.
    ///
    /// - Returns: how far its stream is stored.
    private func take(
        _ chunk: LineChunk, from worker: WorkerID, in transaction: StoreTransaction,
        reports: inout [TrainingReport]
    ) throws -> UInt64 {
        let id = chunk.attempt
        // Nobody will ask for lines of an unknown job, or believe them of a worker that does not supervise
        // the attempt: let the worker go on.
        guard let known = cluster.jobs[id.job], cluster.supervisor(of: id) == worker else {
            return try LineIntake(chunk, stored: chunk.offset).next
        }
        let intake = try LineIntake(chunk, stored: try transaction.position(id, stream: chunk.stream))
        guard !intake.lines.isEmpty else { return intake.next }
        if let rank = LineStream.rank(chunk.stream) {
            // One more for a state keeper.
            guard rank <= known.slotRange.upperBound else {
                throw LockstepError(.network, "worker \(worker) has lines of rank \(rank) of \(id)")
            }
            let now = clock.now.wall
            try transaction.append(
                intake.logLines(receivedAt: now), job: id.job, rank: rank,
                name: Self.streamName(known, rank: rank), at: now)
        } else {
            reports.append(TrainingReport(attempt: id, events: intake.events()))
        }
        try transaction.setPosition(id, stream: chunk.stream, next: intake.next)
        return intake.next
    }

    /// One stream a rank for the whole job, so that a reader follows it over restarts; named for the
    /// second in which the first attempt started.
    private static func streamName(_ state: LifecycleState, rank: Int) -> String {
        let start = state.record.attempts.first?.startTime ?? state.record.creationTime
        return "\(state.record.name)/algo-\(rank + 1)-\(Int(start))"
    }
}
