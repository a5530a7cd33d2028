import ControlChannel
import Diagnostics
import Logging
import ProgramContract
import Wire

/// One connection of a worker to its coordinator.
struct WorkerSession: Sendable {
    let configuration: WorkerConfiguration
    /// Tells a reconnect of this daemon from another daemon with its name.
    let instance: String
    let launchPort: Int
    let book: AttemptBook
    let leaving: Leaving
    let lease: LeaseFile
    let hotStates: HotStateFolder
    let logger: Logger

    /// How often the attempts' files are looked at.
    static let pollInterval = Duration.milliseconds(40)

    /// Registers, then follows orders until the connection ends.
    func run(_ peer: ControlPeer, _ inbox: inout ControlInbox) async throws {
        lease.connected()
        peer.send(
            .register(
                Registration(
                    worker: configuration.worker, instance: instance, address: configuration.address,
                    slots: configuration.slots, launchPort: launchPort, attempts: await book.known,
                    kind: configuration.kind, hotStateFolder: hotStates.create() ? hotStates.path : "",
                    hotJobs: hotStates.jobs, departure: await leaving.wish)))
        let leaseSeconds: Double
        let heartbeat: Double
        switch try await inbox.next() {
        case .registered(let seconds, let heartbeatSeconds):
            (leaseSeconds, heartbeat) = (seconds, heartbeatSeconds)
        case .refused(let code, let reason):
            throw LockstepError(.init(rawValue: code), reason)
        default:
            throw LockstepError(.network, "\(peer.address) did not answer the registration")
        }
        lease.setLease(leaseSeconds)
        await book.setLease(seconds: leaseSeconds, heartbeat: heartbeat)
        await leaving.connected()
        logger.info("registered", metadata: ["coordinator": "\(peer.address)"])
        configuration.noteRegistration()
        let hearing = LastHeard()
        async let pumping: Void = pump(peer, hearing, silence: leaseSeconds, heartbeat: heartbeat)
        do {
            while let message = try await inbox.next() {
                await hearing.note()
                try await follow(message, peer)
            }
        } catch {
            peer.close()
            throw error
        }
        peer.close()
        await hearing.end()
        await pumping
    }

    private func follow(_ message: ControlMessage, _ peer: ControlPeer) async throws {
        switch message {
        case .heartbeat(let sequence, _): lease.acknowledged(sequence)
        case .received(let marks): await book.received(marks)
        case .settled(let attempt): await book.settled(attempt)
        case .launch(let order): if let answer = await book.launch(order) { peer.send(answer) }
        case .stop(let attempt): if let answer = await book.stop(attempt) { peer.send(answer) }
        case .kill(let attempt): if let answer = await book.kill(attempt) { peer.send(answer) }
        case .forget(let job, let attempts):
            hotStates.forget(job)
            if attempts { await book.forget(job) }
            configuration.rooms?.forget(job)
            // What runners that were killed could not clear away.
            ProgramTrees.sweep(configuration.programs.scratch)
        case .drained: await leaving.drained()
        default: throw LockstepError(.network, "\(peer.address) sent a message that is not for a worker")
        }
    }

    /// Sends what is due until the connection ends; gives it up when the coordinator is silent.
    private func pump(_ peer: ControlPeer, _ hearing: LastHeard, silence: Double, heartbeat: Double) async {
        var sequence: UInt64 = 0
        var nextHeartbeat = ContinuousClock.now
        while !Task.isCancelled, await !hearing.isOver {
            for message in await book.collect() { peer.send(message) }
            if ContinuousClock.now >= nextHeartbeat {
                sequence += 1
                lease.sent(sequence)
                peer.send(.heartbeat(sequence: sequence, hotStateBytes: UInt64(hotStates.byteCount)))
                nextHeartbeat = ContinuousClock.now + .seconds(heartbeat)
            }
            switch await leaving.due() {
            case .nothing: break
            case .ask(let wish): peer.send(.drain(wish))
            case .registerAnew: return peer.close()
            }
            if await hearing.silence > .seconds(silence) { break }
            do { try await Task.sleep(for: Self.pollInterval) } catch { break }
        }
        peer.close()
    }
}

/// When the peer was heard last.
private actor LastHeard {
    private var time = ContinuousClock.now
    private(set) var isOver = false
    func note() { time = ContinuousClock.now }
    func end() { isOver = true }
    var silence: Duration { ContinuousClock.now - time }
}
