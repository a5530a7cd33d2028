import CProtobufC
import CControlFrames
import ClusterTypes
package import Diagnostics

extension ControlMessage {
    /// The message as a frame: header and body.
    ///
    /// - Throws: `.network` when it is too long for a frame.
    package func frame() throws(LockstepError) -> [UInt8] {
        let body = encoded()
        return try FrameHeader(bodyBytes: body.count).bytes + body
    }

    /// The message as the body of a frame.
    package func encoded() -> [UInt8] {
        let frame: UnsafeMutablePointer<Lockstep__Frame> = ProtobufMemory.allocate(lockstep__frame__init)
        fill(&frame.pointee)
        let base = UnsafeMutableRawPointer(frame).assumingMemoryBound(to: ProtobufCMessage.self)
        defer { protobuf_c_message_free_unpacked(base, nil) }
        let count = protobuf_c_message_get_packed_size(base)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = protobuf_c_message_pack(base, buffer.baseAddress)
        }
    }

    /// The message and its kind. Without a default, so that no message can be forgotten in either list.
    private func fill(_ frame: inout Lockstep__Frame) {
        frame.body_case = bodyCase
        switch self {
        case .hello(let version, let nonce): frame.hello = Self.hello(version, nonce)
        case .challenge(let nonce):
            frame.challenge = Self.made(lockstep__challenge__init) { $0.nonce = ProtobufMemory.copy(nonce) }
        case .proof(let digest):
            frame.proof = Self.made(lockstep__proof__init) { $0.digest = ProtobufMemory.copy(digest) }
        case .welcome(let digest):
            frame.welcome = Self.made(lockstep__welcome__init) { $0.digest = ProtobufMemory.copy(digest) }
        case .refused(let code, let reason): frame.refused = Self.refused(code, reason)
        case .register(let registration):
            frame.register_ = Self.made(lockstep__register__init) { registration.fill(&$0) }
        case .registered(let lease, let heartbeat): frame.registered = Self.registered(lease, heartbeat)
        case .heartbeat(let sequence, let bytes): frame.heartbeat = Self.heartbeat(sequence, bytes)
        case .launch(let order):
            frame.launch = Self.made(lockstep__launch__init) { order.fill(&$0) }
        case .stop(let attempt):
            frame.stop = Self.made(lockstep__stop__init) { $0.attempt = attempt.protobuf }
        case .kill(let attempt):
            frame.kill = Self.made(lockstep__kill__init) { $0.attempt = attempt.protobuf }
        case .running(let attempt):
            frame.running = Self.made(lockstep__running__init) { $0.attempt = attempt.protobuf }
        case .ended(let attempt, let end): frame.ended = Self.ended(attempt, end)
        case .settled(let attempt):
            frame.settled = Self.made(lockstep__settled__init) { $0.attempt = attempt.protobuf }
        case .lines(let chunks): frame.lines = Self.lines(chunks)
        case .received(let marks): frame.received = Self.received(marks)
        case .run(let attempt, let command, let asJobUser):
            frame.run = Self.run(attempt, command, asJobUser)
        case .started(let pid): frame.started = Self.made(lockstep__started__init) { $0.pid = pid }
        case .output(let descriptor, let data): frame.output = Self.output(descriptor, data)
        case .exited(let status): frame.exited = Self.made(lockstep__exited__init) { $0.status = status }
        case .drain(let wish): frame.drain = wish.protobuf
        case .drained: frame.drained = ProtobufMemory.allocate(lockstep__drained__init)
        case .forget(let job, let attempts): frame.forget = Self.forget(job, attempts)
        }
    }

    private var bodyCase: Lockstep__Frame__BodyCase {
        switch self {
        case .hello: LOCKSTEP__FRAME__BODY_HELLO
        case .challenge: LOCKSTEP__FRAME__BODY_CHALLENGE
        case .proof: LOCKSTEP__FRAME__BODY_PROOF
        case .welcome: LOCKSTEP__FRAME__BODY_WELCOME
        case .refused: LOCKSTEP__FRAME__BODY_REFUSED
        case .register: LOCKSTEP__FRAME__BODY_REGISTER
        case .registered: LOCKSTEP__FRAME__BODY_REGISTERED
        case .heartbeat: LOCKSTEP__FRAME__BODY_HEARTBEAT
        case .launch: LOCKSTEP__FRAME__BODY_LAUNCH
        case .stop: LOCKSTEP__FRAME__BODY_STOP
        case .kill: LOCKSTEP__FRAME__BODY_KILL
        case .running: LOCKSTEP__FRAME__BODY_RUNNING
        case .ended: LOCKSTEP__FRAME__BODY_ENDED
        case .settled: LOCKSTEP__FRAME__BODY_SETTLED
        case .lines: LOCKSTEP__FRAME__BODY_LINES
        case .received: LOCKSTEP__FRAME__BODY_RECEIVED
        case .run: LOCKSTEP__FRAME__BODY_RUN
        case .started: LOCKSTEP__FRAME__BODY_STARTED
        case .output: LOCKSTEP__FRAME__BODY_OUTPUT
        case .exited: LOCKSTEP__FRAME__BODY_EXITED
        case .drain: LOCKSTEP__FRAME__BODY_DRAIN
        case .drained: LOCKSTEP__FRAME__BODY_DRAINED
        case .forget: LOCKSTEP__FRAME__BODY_FORGET
        }
    }
}

/// Messages of several fields.
extension ControlMessage {
    private static func made<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void, _ fill: (inout Message) -> Void
    ) -> UnsafeMutablePointer<Message> {
        let message: UnsafeMutablePointer<Message> = ProtobufMemory.allocate(initialize)
        fill(&message.pointee)
        return message
    }

    private static func hello(_ version: UInt32, _ nonce: [UInt8]) -> UnsafeMutablePointer<Lockstep__Hello> {
        made(lockstep__hello__init) {
            $0.version = version
            $0.nonce = ProtobufMemory.copy(nonce)
        }
    }

    private static func refused(_ code: String, _ reason: String) -> UnsafeMutablePointer<Lockstep__Refused> {
        made(lockstep__refused__init) {
            $0.code = ProtobufMemory.copy(code)
            $0.reason = ProtobufMemory.copy(reason)
        }
    }

    private static func registered(
        _ lease: Double, _ heartbeat: Double
    ) -> UnsafeMutablePointer<Lockstep__Registered> {
        made(lockstep__registered__init) {
            $0.lease_seconds = lease
            $0.heartbeat_seconds = heartbeat
        }
    }

    private static func heartbeat(
        _ sequence: UInt64, _ hotStateBytes: UInt64
    ) -> UnsafeMutablePointer<Lockstep__Heartbeat> {
        made(lockstep__heartbeat__init) {
            $0.sequence = sequence
            $0.hot_state_bytes = hotStateBytes
        }
    }

    private static func ended(_ attempt: AttemptID, _ end: [UInt8]) -> UnsafeMutablePointer<Lockstep__Ended> {
        made(lockstep__ended__init) {
            $0.attempt = attempt.protobuf
            $0.end = ProtobufMemory.copy(end)
        }
    }

    private static func lines(_ chunks: [LineChunk]) -> UnsafeMutablePointer<Lockstep__Lines> {
        made(lockstep__lines__init) {
            $0.n_chunks = chunks.count
            $0.chunks = ProtobufMemory.array(chunks, \.protobuf)
        }
    }

    private static func received(_ marks: [LineMark]) -> UnsafeMutablePointer<Lockstep__Received> {
        made(lockstep__received__init) {
            $0.n_marks = marks.count
            $0.marks = ProtobufMemory.array(marks, \.protobuf)
        }
    }

    private static func run(
        _ attempt: AttemptID, _ command: String, _ asJobUser: Bool
    ) -> UnsafeMutablePointer<Lockstep__Run> {
        made(lockstep__run__init) {
            $0.attempt = attempt.protobuf
            $0.command = ProtobufMemory.copy(command)
            $0.as_job_user = asJobUser ? 1 : 0
        }
    }

    private static func output(
        _ descriptor: UInt32, _ data: [UInt8]
    ) -> UnsafeMutablePointer<Lockstep__Output> {
        made(lockstep__output__init) {
            $0.descriptor = descriptor
            $0.data = ProtobufMemory.copy(data)
        }
    }

    private static func forget(_ job: JobName, _ attempts: Bool) -> UnsafeMutablePointer<Lockstep__Forget> {
        made(lockstep__forget__init) {
            $0.job = ProtobufMemory.copy(job.rawValue)
            $0.attempts = attempts ? 1 : 0
        }
    }
}

extension Registration {
    fileprivate func fill(_ message: inout Lockstep__Register) {
        message.name = ProtobufMemory.copy(worker.rawValue)
        message.instance = ProtobufMemory.copy(instance)
        message.address = ProtobufMemory.copy(address)
        message.slots = UInt32(clamping: slots)
        message.launch_port = UInt32(clamping: launchPort)
        message.n_attempts = attempts.count
        message.attempts = ProtobufMemory.array(attempts, \.protobuf)
        message.kind = ProtobufMemory.copy(kind.rawValue)
        message.hot_state_folder = ProtobufMemory.copy(hotStateFolder)
        message.n_hot_jobs = hotJobs.count
        message.hot_jobs = ProtobufMemory.array(hotJobs) { ProtobufMemory.copy($0.rawValue) }
        if let departure { message.drain = departure.protobuf }
    }
}

extension DrainWish {
    fileprivate var protobuf: UnsafeMutablePointer<Lockstep__Drain> {
        let message: UnsafeMutablePointer<Lockstep__Drain> = ProtobufMemory.allocate(lockstep__drain__init)
        message.pointee.reason = ProtobufMemory.copy(reason)
        message.pointee.deadline_seconds = deadlineSeconds ?? 0
        return message
    }
}

extension LaunchOrder {
    fileprivate func fill(_ message: inout Lockstep__Launch) {
        message.attempt = attempt.protobuf
        message.request = ProtobufMemory.copy(request)
        message.spec = ProtobufMemory.copy(spec)
        message.n_gang = gang.count
        message.minimum_ranks = UInt32(clamping: minimumRanks)
        message.gang = ProtobufMemory.array(gang) { member in
            let copy: UnsafeMutablePointer<Lockstep__GangMember> =
                ProtobufMemory.allocate(lockstep__gang_member__init)
            copy.pointee.worker = ProtobufMemory.copy(member.worker.rawValue)
            copy.pointee.address = ProtobufMemory.copy(member.address)
            copy.pointee.launch_port = UInt32(clamping: member.launchPort)
            copy.pointee.ranks = UInt32(clamping: member.ranks)
            copy.pointee.hot_state_folder = ProtobufMemory.copy(member.hotStateFolder)
            copy.pointee.is_keeper = member.isKeeper ? 1 : 0
            return copy
        }
        message.n_environment = environment.count
        message.environment = ProtobufMemory.array(environment) { variable in
            let copy: UnsafeMutablePointer<Lockstep__Variable> =
                ProtobufMemory.allocate(lockstep__variable__init)
            copy.pointee.name = ProtobufMemory.copy(variable.name)
            copy.pointee.value = ProtobufMemory.copy(variable.value)
            return copy
        }
    }
}

extension AttemptID {
    fileprivate var protobuf: UnsafeMutablePointer<Lockstep__Attempt> {
        let copy: UnsafeMutablePointer<Lockstep__Attempt> = ProtobufMemory.allocate(lockstep__attempt__init)
        copy.pointee.job = ProtobufMemory.copy(job.rawValue)
        copy.pointee.number = UInt32(clamping: number)
        return copy
    }
}

extension LineChunk {
    fileprivate var protobuf: UnsafeMutablePointer<Lockstep__Chunk> {
        let copy: UnsafeMutablePointer<Lockstep__Chunk> = ProtobufMemory.allocate(lockstep__chunk__init)
        copy.pointee.attempt = attempt.protobuf
        copy.pointee.stream = ProtobufMemory.copy(stream)
        copy.pointee.offset = offset
        copy.pointee.data = ProtobufMemory.copy(data)
        return copy
    }
}

extension LineMark {
    fileprivate var protobuf: UnsafeMutablePointer<Lockstep__Mark> {
        let copy: UnsafeMutablePointer<Lockstep__Mark> = ProtobufMemory.allocate(lockstep__mark__init)
        copy.pointee.attempt = attempt.protobuf
        copy.pointee.stream = ProtobufMemory.copy(stream)
        copy.pointee.next = next
        return copy
    }
}
