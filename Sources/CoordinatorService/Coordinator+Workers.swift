package import ClusterTypes
package import ControlChannel
import Diagnostics
import Foundation
import JobLifecycle
import JobStore
import Logging
package import Wire

extension Coordinator {
    /// A worker introduces itself.
    ///
    /// - Throws: `.conflict` when another daemon of its name is connected.
    package func register(_ registration: Registration, peer: ControlPeer) throws {
        let id = registration.worker
        let now = clock()
        if let known = workers[id], known.peer != nil, known.instance != registration.instance {
            throw LockstepError(
                .conflict, "a worker named \(id) is connected already: start this one with another --name")
        }
        let stored = StoredWorker(
            id: id, address: registration.address, slots: registration.slots,
            launchPort: registration.launchPort, lastSeen: now)
        try store.write { try $0.save(stored) }
        var worker = workers[id] ?? ConnectedWorker(stored: stored, lastHeard: now)
        worker.stored = stored
        worker.instance = registration.instance
        worker.peer?.close()
        worker.peer = peer
        worker.lastHeard = now
        worker.isLost = false
        worker.abandoned = []
        workers[id] = worker
        peer.send(
            .registered(
                leaseSeconds: configuration.leaseSeconds, heartbeatSeconds: configuration.heartbeatSeconds))
        logger.info(
            "worker registered",
            metadata: [
                "worker": "\(id)", "slots": "\(registration.slots)", "address": "\(registration.address)",
                "attempts": "\(registration.attempts.count)",
            ])
        reconcile(id, reported: registration.attempts)
        schedule()
    }

    /// Compares what a worker runs with what it should run.
    private func reconcile(_ id: WorkerID, reported: [AttemptID]) {
        for attempt in reported { reportRunning(attempt, by: id) }
        for name in active {
            guard let state = jobs[name], state.hasGang, state.record.attempts.last?.workers.first == id
            else { continue }
            let current = AttemptID(job: name, number: state.attempt)
            if !reported.contains(current) { perform(.missing(attempt: current.number), on: name) }
        }
    }

    private func reportRunning(_ attempt: AttemptID, by id: WorkerID) {
        guard let state = jobs[attempt.job] else {
            // A job this coordinator has never heard of: the worker's folder is older than our store.
            workers[id]?.peer?.send(.kill(attempt))
            return
        }
        let isCurrent = state.hasGang && state.attempt == attempt.number
        if !isCurrent { workers[id]?.abandoned.insert(attempt) }
        if isCurrent || state.record.attempts.contains(where: { $0.number == attempt.number }) {
            perform(.running(attempt: attempt.number), on: attempt.job)
        } else {
            workers[id]?.peer?.send(.kill(attempt))
        }
    }

    /// Any message is a sign of life.
    package func heard(_ id: WorkerID, _ message: ControlMessage) throws {
        let now = clock()
        guard var worker = workers[id], let peer = worker.peer else { return }
        worker.lastHeard = now
        worker.stored.lastSeen = now
        workers[id] = worker
        switch message {
        case .heartbeat(let sequence): peer.send(.heartbeat(sequence: sequence))
        case .running(let attempt): reportRunning(attempt, by: id)
        case .lines(let chunks): peer.send(.received(try take(chunks)))
        case .ended(let attempt, let end):
            try conclude(attempt, end)
            workers[id]?.abandoned.remove(attempt)
            peer.send(.settled(attempt))
            schedule()
        default: throw LockstepError(.network, "worker \(id) sent a message that is not for a coordinator")
        }
    }

    /// A worker's connection has ended; it may come back within its lease.
    package func disconnected(_ id: WorkerID, instance: String, peer: ControlPeer) {
        guard workers[id]?.instance == instance, workers[id]?.peer?.address == peer.address else { return }
        workers[id]?.peer = nil
        logger.warning("worker disconnected", metadata: ["worker": "\(id)"])
    }

    /// A worker's lease is over: its gangs are ended and their jobs start again elsewhere.
    func lose(_ id: WorkerID) {
        workers[id]?.isLost = true
        workers[id]?.peer?.close()
        workers[id]?.peer = nil
        logger.warning(
            "worker lost",
            metadata: ["worker": "\(id)", "leaseSeconds": "\(configuration.leaseSeconds)"])
        for name in active {
            guard let state = jobs[name], state.hasGang, let gang = state.record.attempts.last?.workers
            else { continue }
            if gang.first == id {
                perform(.lost(attempt: state.attempt, reason: "worker \(id) was lost"), on: name)
            } else if gang.contains(id) {
                perform(.memberLost(attempt: state.attempt, id), on: name)
            }
        }
    }

    private func conclude(_ attempt: AttemptID, _ bytes: [UInt8]) throws {
        let end: AttemptEnd
        do {
            end = try JSONDecoder().decode(AttemptEnd.self, from: Data(bytes))
        } catch {
            throw LockstepError(.network, "the end of \(attempt) cannot be read", cause: error)
        }
        guard let old = jobs[attempt.job] else { return }
        var state = old
        let commands = state.apply(.ended(attempt: attempt.number, end), at: clock())
        if state != old, !save(state, replacing: old) {
            throw LockstepError(.io, "the end of \(attempt) could not be stored")
        }
        follow(commands, of: state)
    }

    /// Stores forwarded lines and what follows from them in one transaction.
    ///
    /// - Returns: how far every stream is stored.
    private func take(_ chunks: [LineChunk]) throws -> [LineMark] {
        let now = clock()
        var changed: [JobName: LifecycleState] = [:]
        var commands: [(JobCommand, JobName)] = []
        var marks: [LineMark] = []
        try store.write { transaction in
            for chunk in chunks {
                let id = chunk.attempt
                guard let known = changed[id.job] ?? jobs[id.job] else {
                    // Nobody will ask for them: let the worker go on.
                    marks.append(mark(chunk, next: chunk.offset + UInt64(chunk.data.count)))
                    continue
                }
                let intake = try LineIntake(chunk, stored: try transaction.position(id, stream: chunk.stream))
                marks.append(mark(chunk, next: intake.next))
                guard !intake.lines.isEmpty else { continue }
                if let rank = LineIntake.rank(ofStream: chunk.stream) {
                    try transaction.append(
                        intake.logLines(receivedAt: now), job: id.job, rank: rank,
                        name: Self.streamName(known, rank: rank), at: now)
                } else {
                    var state = known
                    for event in intake.events() {
                        for command in state.apply(.training(attempt: id.number, event), at: now) {
                            commands.append((command, id.job))
                        }
                    }
                    changed[id.job] = state
                }
                try transaction.setPosition(id, stream: chunk.stream, next: intake.next)
            }
            for (name, state) in changed {
                if let old = jobs[name], old != state { try transaction.save(state, replacing: old) }
            }
        }
        for (name, state) in changed { jobs[name] = state }
        for (command, name) in commands { jobs[name].map { follow([command], of: $0) } }
        return marks
    }

    private func mark(_ chunk: LineChunk, next: UInt64) -> LineMark {
        LineMark(attempt: chunk.attempt, stream: chunk.stream, next: next)
    }

    /// One stream a rank for the whole job, so that a reader follows it over restarts; named for the
    /// second in which the first attempt started.
    private static func streamName(_ state: LifecycleState, rank: Int) -> String {
        let start = state.record.attempts.first?.startTime ?? state.record.creationTime
        return "\(state.record.name)/algo-\(rank + 1)-\(Int(start))"
    }
}
