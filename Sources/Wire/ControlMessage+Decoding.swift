import CProtobufC
import CWire
import ClusterTypes
package import Diagnostics

extension ControlMessage {
    /// Reads the body of a frame.
    ///
    /// - Throws: `.network` when the bytes are no message of this protocol or lack what it needs.
    package init(body: [UInt8]) throws(LockstepError) {
        guard let frame = lockstep__frame__unpack(nil, body.count, body) else {
            throw LockstepError(.network, "a frame of \(body.count) bytes is no message")
        }
        defer { lockstep__frame__free_unpacked(frame, nil) }
        var read = Self.handshake(frame.pointee)
        if read == nil { read = try Self.report(frame.pointee) }
        if read == nil { read = try Self.order(frame.pointee) }
        if read == nil { read = try Self.command(frame.pointee) }
        if read == nil { read = try Self.departure(frame.pointee) }
        guard let read else {
            throw LockstepError(.network, "a frame of \(body.count) bytes holds no message known here")
        }
        self = read
    }

    private static func handshake(_ frame: Lockstep__Frame) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_HELLO:
            let hello = frame.hello.pointee
            return .hello(version: hello.version, nonce: [UInt8](protobuf: hello.nonce))
        case LOCKSTEP__FRAME__BODY_CHALLENGE:
            return .challenge(nonce: [UInt8](protobuf: frame.challenge.pointee.nonce))
        case LOCKSTEP__FRAME__BODY_PROOF:
            return .proof(digest: [UInt8](protobuf: frame.proof.pointee.digest))
        case LOCKSTEP__FRAME__BODY_WELCOME:
            return .welcome(digest: [UInt8](protobuf: frame.welcome.pointee.digest))
        case LOCKSTEP__FRAME__BODY_REFUSED:
            let refused = frame.refused.pointee
            return .refused(
                code: String(protobuf: refused.code), reason: String(protobuf: refused.reason))
        default: return nil
        }
    }

    private static func report(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_REGISTER:
            return .register(try Registration(frame.register_.pointee))
        case LOCKSTEP__FRAME__BODY_REGISTERED:
            let registered = frame.registered.pointee
            return .registered(
                leaseSeconds: registered.lease_seconds, heartbeatSeconds: registered.heartbeat_seconds)
        case LOCKSTEP__FRAME__BODY_HEARTBEAT:
            let heartbeat = frame.heartbeat.pointee
            return .heartbeat(sequence: heartbeat.sequence, hotStateBytes: heartbeat.hot_state_bytes)
        case LOCKSTEP__FRAME__BODY_LINES:
            let lines = frame.lines.pointee
            return .lines(try wrap { try protobufArray(lines.chunks, lines.n_chunks, LineChunk.init) })
        case LOCKSTEP__FRAME__BODY_RECEIVED:
            let received = frame.received.pointee
            return .received(try wrap { try protobufArray(received.marks, received.n_marks, LineMark.init) })
        default: return nil
        }
    }

    private static func order(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_LAUNCH: .launch(try LaunchOrder(frame.launch.pointee))
        case LOCKSTEP__FRAME__BODY_STOP: .stop(try AttemptID(frame.stop.pointee.attempt))
        case LOCKSTEP__FRAME__BODY_KILL: .kill(try AttemptID(frame.kill.pointee.attempt))
        case LOCKSTEP__FRAME__BODY_RUNNING: .running(try AttemptID(frame.running.pointee.attempt))
        case LOCKSTEP__FRAME__BODY_ENDED:
            .ended(
                try AttemptID(frame.ended.pointee.attempt), end: [UInt8](protobuf: frame.ended.pointee.end))
        case LOCKSTEP__FRAME__BODY_SETTLED: .settled(try AttemptID(frame.settled.pointee.attempt))
        default: nil
        }
    }

    private static func command(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_RUN:
            .run(
                try AttemptID(frame.run.pointee.attempt),
                command: String(protobuf: frame.run.pointee.command))
        case LOCKSTEP__FRAME__BODY_STARTED: .started(pid: frame.started.pointee.pid)
        case LOCKSTEP__FRAME__BODY_OUTPUT:
            .output(
                descriptor: frame.output.pointee.descriptor,
                data: [UInt8](protobuf: frame.output.pointee.data))
        case LOCKSTEP__FRAME__BODY_EXITED: .exited(status: frame.exited.pointee.status)
        default: nil
        }
    }

    private static func departure(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_DRAIN: .drain(try DrainWish(frame.drain.pointee))
        case LOCKSTEP__FRAME__BODY_DRAINED: .drained
        case LOCKSTEP__FRAME__BODY_FORGET: .forget(try JobName(protobuf: frame.forget.pointee.job))
        default: nil
        }
    }

    /// `protobufArray` rethrows untyped; all its readers here throw `LockstepError`.
    fileprivate static func wrap<Result>(_ body: () throws -> Result) throws(LockstepError) -> Result {
        do {
            return try body()
        } catch let error as LockstepError {
            throw error
        } catch {
            throw LockstepError(.network, "a frame could not be read", cause: error)
        }
    }
}

extension AttemptID {
    fileprivate init(_ message: UnsafeMutablePointer<Lockstep__Attempt>?) throws(LockstepError) {
        guard let attempt = message?.pointee else {
            throw LockstepError(.network, "a frame about an attempt names none")
        }
        try self.init(attempt)
    }

    fileprivate init(_ message: Lockstep__Attempt) throws(LockstepError) {
        let job = String(protobuf: message.job)
        // The name becomes a folder's name on the worker, so nothing else may pass.
        guard JobName.isWellFormed(job), message.number > 0 else {
            throw LockstepError(.network, "a frame names the attempt \"\(job)/\(message.number)\"")
        }
        self.init(job: JobName(job), number: Int(message.number))
    }
}

extension Registration {
    fileprivate init(_ message: Lockstep__Register) throws(LockstepError) {
        self.init(
            worker: WorkerID(String(protobuf: message.name)), instance: String(protobuf: message.instance),
            address: String(protobuf: message.address), slots: Int(message.slots),
            launchPort: Int(message.launch_port),
            attempts: try ControlMessage.wrap {
                try protobufArray(message.attempts, message.n_attempts) { try AttemptID($0) }
            },
            kind: try Self.kind(String(protobuf: message.kind)),
            hotStateFolder: String(protobuf: message.hot_state_folder),
            hotJobs: try ControlMessage.wrap {
                try (0..<message.n_hot_jobs).map { try JobName(protobuf: message.hot_jobs[$0]) }
            },
            departure: message.drain == nil ? nil : try DrainWish(message.drain.pointee))
        guard !worker.rawValue.isEmpty, !instance.isEmpty else {
            throw LockstepError(.network, "a worker registers without a name")
        }
    }

    private static func kind(_ text: String) throws(LockstepError) -> WorkerKind {
        guard let kind = WorkerKind(rawValue: text) else {
            throw LockstepError(.network, "a worker registers as \"\(text)\", which is no kind of worker")
        }
        return kind
    }
}

extension DrainWish {
    fileprivate init(_ message: Lockstep__Drain) throws(LockstepError) {
        let seconds = message.deadline_seconds
        guard seconds.isFinite, seconds >= 0 else {
            throw LockstepError(.network, "a drain has the deadline \(seconds)")
        }
        self.init(reason: String(protobuf: message.reason), deadlineSeconds: seconds == 0 ? nil : seconds)
    }
}

extension JobName {
    fileprivate init(protobuf text: UnsafeMutablePointer<CChar>?) throws(LockstepError) {
        let name = String(protobuf: text)
        // It becomes a folder's name on the worker, so nothing else may pass.
        guard JobName.isWellFormed(name) else {
            throw LockstepError(.network, "a frame names the job \"\(name)\"")
        }
        self.init(name)
    }
}

extension LaunchOrder {
    fileprivate init(_ message: Lockstep__Launch) throws(LockstepError) {
        self.init(
            attempt: try AttemptID(message.attempt), request: [UInt8](protobuf: message.request),
            gang: protobufArray(message.gang, message.n_gang) { member in
                GangMember(
                    worker: WorkerID(String(protobuf: member.worker)),
                    address: String(protobuf: member.address), launchPort: Int(member.launch_port),
                    ranks: Int(member.ranks), hotStateFolder: String(protobuf: member.hot_state_folder),
                    isKeeper: member.is_keeper != 0)
            },
            environment: protobufArray(message.environment, message.n_environment) { variable in
                EnvironmentVariable(
                    name: String(protobuf: variable.name), value: String(protobuf: variable.value))
            },
            minimumRanks: Int(message.minimum_ranks))
        guard !gang.isEmpty, gang.allSatisfy({ $0.ranks > 0 }) else {
            throw LockstepError(.network, "the launch order for \(attempt) names no gang")
        }
    }
}

extension LineChunk {
    fileprivate init(_ message: Lockstep__Chunk) throws(LockstepError) {
        self.init(
            attempt: try AttemptID(message.attempt), stream: String(protobuf: message.stream),
            offset: message.offset, data: [UInt8](protobuf: message.data))
    }
}

extension LineMark {
    fileprivate init(_ message: Lockstep__Mark) throws(LockstepError) {
        self.init(
            attempt: try AttemptID(message.attempt), stream: String(protobuf: message.stream),
            next: message.next)
    }
}
