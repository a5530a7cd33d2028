import CProtobufC
import CControlFrames
import ClusterTypes
package import Diagnostics

extension ControlMessage {
    /// Reads the body of a frame.
    ///
    /// - Throws: `.network` when the bytes are no message of this protocol or lack what it needs.
    package init(body: [UInt8]) throws(LockstepError) {
        let memory = ProtobufBudget(bodyBytes: body.count)
        defer { memory.release() }
        guard let frame = lockstep__frame__unpack(memory.allocator, body.count, body) else {
            throw LockstepError(.network, "a frame of \(body.count) bytes is no message")
        }
        defer { lockstep__frame__free_unpacked(frame, memory.allocator) }
        var read = try Self.handshake(frame.pointee)
        if read == nil { read = try Self.report(frame.pointee) }
        if read == nil { read = try Self.order(frame.pointee) }
        if read == nil { read = try Self.command(frame.pointee) }
        if read == nil { read = try Self.departure(frame.pointee) }
        guard let read else {
            throw LockstepError(.network, "a frame of \(body.count) bytes holds no message known here")
        }
        self = read
    }

    private static func handshake(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
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
                code: try WireField.word(refused.code, "an error's code"),
                reason: WireField.sentence(refused.reason))
        default: return nil
        }
    }

    private static func report(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_REGISTER:
            return .register(try Registration(frame.register_.pointee))
        case LOCKSTEP__FRAME__BODY_REGISTERED:
            return try registered(frame.registered.pointee)
        case LOCKSTEP__FRAME__BODY_HEARTBEAT:
            let heartbeat = frame.heartbeat.pointee
            return .heartbeat(
                sequence: heartbeat.sequence,
                hotStateBytes: try WireField.number(
                    heartbeat.hot_state_bytes, in: WireField.memory, "the bytes of hot state"))
        case LOCKSTEP__FRAME__BODY_LINES:
            let lines = frame.lines.pointee
            return .lines(try wrap { try protobufArray(lines.chunks, lines.n_chunks, LineChunk.init) })
        case LOCKSTEP__FRAME__BODY_RECEIVED:
            let received = frame.received.pointee
            return .received(try wrap { try protobufArray(received.marks, received.n_marks, LineMark.init) })
        default: return nil
        }
    }

    private static func registered(
        _ message: Lockstep__Registered
    ) throws(LockstepError) -> ControlMessage {
        let lease = try WireField.number(message.lease_seconds, in: WireField.seconds, "a lease")
        let heartbeat = try WireField.number(message.heartbeat_seconds, in: 0...lease, "a heartbeat")
        guard heartbeat > 0 else { throw LockstepError(.network, "a frame gives a heartbeat of no length") }
        return .registered(leaseSeconds: lease, heartbeatSeconds: heartbeat)
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
                command: String(protobuf: frame.run.pointee.command),
                asJobUser: frame.run.pointee.as_job_user != 0)
        case LOCKSTEP__FRAME__BODY_STARTED: .started(pid: frame.started.pointee.pid)
        case LOCKSTEP__FRAME__BODY_OUTPUT:
            .output(
                descriptor: try WireField.number(frame.output.pointee.descriptor, in: 1...2, "a stream"),
                data: [UInt8](protobuf: frame.output.pointee.data))
        case LOCKSTEP__FRAME__BODY_EXITED: .exited(status: frame.exited.pointee.status)
        default: nil
        }
    }

    private static func departure(_ frame: Lockstep__Frame) throws(LockstepError) -> ControlMessage? {
        switch frame.body_case {
        case LOCKSTEP__FRAME__BODY_DRAIN: .drain(try DrainWish(frame.drain.pointee))
        case LOCKSTEP__FRAME__BODY_DRAINED: .drained
        case LOCKSTEP__FRAME__BODY_FORGET:
            .forget(
                try JobName(protobuf: frame.forget.pointee.job),
                attempts: frame.forget.pointee.attempts != 0)
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
        let job = try JobName(protobuf: message.job)
        guard message.number > 0 else {
            throw LockstepError(.network, "a frame names attempt 0 of \(job): they count from 1")
        }
        self.init(job: job, number: Int(message.number))
    }
}

extension Registration {
    fileprivate init(_ message: Lockstep__Register) throws(LockstepError) {
        self.init(
            worker: try WireField.worker(message.name),
            instance: try WireField.word(message.instance, "the instance of a worker"),
            address: try WireField.address(message.address),
            slots: try WireField.number(Int(message.slots), in: WireField.slots, "a worker's slots"),
            launchPort: try WireField.number(Int(message.launch_port), in: 0...65535, "a port"),
            attempts: try ControlMessage.wrap {
                try protobufArray(message.attempts, message.n_attempts) { try AttemptID($0) }
            },
            kind: try Self.kind(try WireField.word(message.kind, "the kind of a worker")),
            hotStateFolder: try WireField.path(message.hot_state_folder, "the folder of hot state"),
            hotJobs: try ControlMessage.wrap {
                try (0..<message.n_hot_jobs).map { try JobName(protobuf: message.hot_jobs[$0]) }
            },
            departure: message.drain == nil ? nil : try DrainWish(message.drain.pointee))
        guard !instance.isEmpty else {
            throw LockstepError(.network, "the worker \(worker) registers without an instance")
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
        let seconds = try WireField.number(
            message.deadline_seconds, in: WireField.seconds, "the deadline of a drain")
        self.init(reason: WireField.sentence(message.reason), deadlineSeconds: seconds == 0 ? nil : seconds)
    }
}

extension JobName {
    fileprivate init(protobuf text: UnsafeMutablePointer<CChar>?) throws(LockstepError) {
        let name = try WireField.word(text, "the name of a job")
        // It becomes a folder's name on the worker, so nothing else may pass.
        guard JobName.isWellFormed(name) else {
            throw LockstepError(.network, "a frame names the job \"\(name)\", which cannot be one")
        }
        self.init(name)
    }
}

extension LaunchOrder {
    fileprivate init(_ message: Lockstep__Launch) throws(LockstepError) {
        self.init(
            attempt: try AttemptID(message.attempt), request: [UInt8](protobuf: message.request),
            spec: [UInt8](protobuf: message.spec),
            gang: try ControlMessage.wrap {
                try protobufArray(message.gang, message.n_gang) { try GangMember($0) }
            },
            environment: protobufArray(message.environment, message.n_environment) { variable in
                EnvironmentVariable(
                    name: String(protobuf: variable.name), value: String(protobuf: variable.value))
            },
            minimumRanks: Int(message.minimum_ranks))
        guard !gang.isEmpty else {
            throw LockstepError(.network, "the launch order for \(attempt) names no gang")
        }
        let ranks = gang.reduce(0) { $0 + $1.ranks }
        _ = try WireField.number(ranks, in: 1...WireField.slots.upperBound, "the ranks of \(attempt)")
        _ = try WireField.number(minimumRanks, in: 0...ranks, "the fewest ranks of \(attempt)")
        if let variable = environment.first(where: { $0.name.isEmpty || $0.name.contains("=") }) {
            let name = PrintableText.escaped(String(variable.name.prefix(64)))
            throw LockstepError(.network, "the launch order for \(attempt) sets a variable \"\(name)\"")
        }
    }
}

extension GangMember {
    fileprivate init(_ message: Lockstep__GangMember) throws(LockstepError) {
        self.init(
            worker: try WireField.worker(message.worker), address: try WireField.address(message.address),
            launchPort: try WireField.number(Int(message.launch_port), in: 0...65535, "a port"),
            ranks: try WireField.number(
                Int(message.ranks), in: 1...WireField.slots.upperBound, "a worker's ranks"),
            hotStateFolder: try WireField.path(message.hot_state_folder, "the folder of hot state"),
            isKeeper: message.is_keeper != 0)
    }
}

extension LineChunk {
    fileprivate init(_ message: Lockstep__Chunk) throws(LockstepError) {
        self.init(
            attempt: try AttemptID(message.attempt), stream: try LineStream.name(message.stream),
            offset: try WireField.number(message.offset, in: WireField.offsets, "an offset"),
            data: [UInt8](protobuf: message.data))
        // Where it ends is an offset too.
        let room = WireField.offsets.upperBound - UInt64(data.count)
        _ = try WireField.number(offset, in: 0...room, "an offset")
    }
}

extension LineMark {
    fileprivate init(_ message: Lockstep__Mark) throws(LockstepError) {
        self.init(
            attempt: try AttemptID(message.attempt), stream: try LineStream.name(message.stream),
            next: try WireField.number(message.next, in: WireField.offsets, "an offset"))
    }
}
