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

    private func fill(_ frame: inout Lockstep__Frame) {
        switch self {
        case .hello, .challenge, .proof, .welcome, .refused: fillHandshake(&frame)
        case .register, .registered, .heartbeat, .lines, .received: fillReport(&frame)
        case .launch, .stop, .kill, .running, .ended, .settled: fillOrder(&frame)
        case .drain, .drained, .forget: fillDeparture(&frame)
        case .run, .started, .output, .exited: fillCommand(&frame)
        }
    }

    private func fillHandshake(_ frame: inout Lockstep__Frame) {
        switch self {
        case .hello(let version, let nonce):
            frame.hello = ProtobufMemory.allocate(lockstep__hello__init)
            frame.hello.pointee.version = version
            frame.hello.pointee.nonce = ProtobufMemory.copy(nonce)
            frame.body_case = LOCKSTEP__FRAME__BODY_HELLO
        case .challenge(let nonce):
            frame.challenge = ProtobufMemory.allocate(lockstep__challenge__init)
            frame.challenge.pointee.nonce = ProtobufMemory.copy(nonce)
            frame.body_case = LOCKSTEP__FRAME__BODY_CHALLENGE
        case .proof(let digest):
            frame.proof = ProtobufMemory.allocate(lockstep__proof__init)
            frame.proof.pointee.digest = ProtobufMemory.copy(digest)
            frame.body_case = LOCKSTEP__FRAME__BODY_PROOF
        case .welcome(let digest):
            frame.welcome = ProtobufMemory.allocate(lockstep__welcome__init)
            frame.welcome.pointee.digest = ProtobufMemory.copy(digest)
            frame.body_case = LOCKSTEP__FRAME__BODY_WELCOME
        case .refused(let code, let reason):
            frame.refused = ProtobufMemory.allocate(lockstep__refused__init)
            frame.refused.pointee.code = ProtobufMemory.copy(code)
            frame.refused.pointee.reason = ProtobufMemory.copy(reason)
            frame.body_case = LOCKSTEP__FRAME__BODY_REFUSED
        default: preconditionFailure("no message of the handshake")
        }
    }

    private func fillReport(_ frame: inout Lockstep__Frame) {
        switch self {
        case .register(let registration):
            frame.register_ = ProtobufMemory.allocate(lockstep__register__init)
            registration.fill(&frame.register_.pointee)
            frame.body_case = LOCKSTEP__FRAME__BODY_REGISTER
        case .registered(let lease, let heartbeat):
            frame.registered = ProtobufMemory.allocate(lockstep__registered__init)
            frame.registered.pointee.lease_seconds = lease
            frame.registered.pointee.heartbeat_seconds = heartbeat
            frame.body_case = LOCKSTEP__FRAME__BODY_REGISTERED
        case .heartbeat(let sequence, let hotStateBytes):
            frame.heartbeat = ProtobufMemory.allocate(lockstep__heartbeat__init)
            frame.heartbeat.pointee.sequence = sequence
            frame.heartbeat.pointee.hot_state_bytes = hotStateBytes
            frame.body_case = LOCKSTEP__FRAME__BODY_HEARTBEAT
        case .lines(let chunks):
            frame.lines = ProtobufMemory.allocate(lockstep__lines__init)
            frame.lines.pointee.n_chunks = chunks.count
            frame.lines.pointee.chunks = ProtobufMemory.array(chunks, \.protobuf)
            frame.body_case = LOCKSTEP__FRAME__BODY_LINES
        case .received(let marks):
            frame.received = ProtobufMemory.allocate(lockstep__received__init)
            frame.received.pointee.n_marks = marks.count
            frame.received.pointee.marks = ProtobufMemory.array(marks, \.protobuf)
            frame.body_case = LOCKSTEP__FRAME__BODY_RECEIVED
        default: preconditionFailure("no report")
        }
    }

    private func fillOrder(_ frame: inout Lockstep__Frame) {
        switch self {
        case .launch(let order):
            frame.launch = ProtobufMemory.allocate(lockstep__launch__init)
            order.fill(&frame.launch.pointee)
            frame.body_case = LOCKSTEP__FRAME__BODY_LAUNCH
        case .stop(let attempt):
            frame.stop = ProtobufMemory.allocate(lockstep__stop__init)
            frame.stop.pointee.attempt = attempt.protobuf
            frame.body_case = LOCKSTEP__FRAME__BODY_STOP
        case .kill(let attempt):
            frame.kill = ProtobufMemory.allocate(lockstep__kill__init)
            frame.kill.pointee.attempt = attempt.protobuf
            frame.body_case = LOCKSTEP__FRAME__BODY_KILL
        case .running(let attempt):
            frame.running = ProtobufMemory.allocate(lockstep__running__init)
            frame.running.pointee.attempt = attempt.protobuf
            frame.body_case = LOCKSTEP__FRAME__BODY_RUNNING
        case .ended(let attempt, let end):
            frame.ended = ProtobufMemory.allocate(lockstep__ended__init)
            frame.ended.pointee.attempt = attempt.protobuf
            frame.ended.pointee.end = ProtobufMemory.copy(end)
            frame.body_case = LOCKSTEP__FRAME__BODY_ENDED
        case .settled(let attempt):
            frame.settled = ProtobufMemory.allocate(lockstep__settled__init)
            frame.settled.pointee.attempt = attempt.protobuf
            frame.body_case = LOCKSTEP__FRAME__BODY_SETTLED
        default: preconditionFailure("no message about an attempt")
        }
    }

    private func fillDeparture(_ frame: inout Lockstep__Frame) {
        switch self {
        case .drain(let wish):
            frame.drain = wish.protobuf
            frame.body_case = LOCKSTEP__FRAME__BODY_DRAIN
        case .drained:
            frame.drained = ProtobufMemory.allocate(lockstep__drained__init)
            frame.body_case = LOCKSTEP__FRAME__BODY_DRAINED
        case .forget(let job, let attempts):
            frame.forget = ProtobufMemory.allocate(lockstep__forget__init)
            frame.forget.pointee.job = ProtobufMemory.copy(job.rawValue)
            frame.forget.pointee.attempts = attempts ? 1 : 0
            frame.body_case = LOCKSTEP__FRAME__BODY_FORGET
        default: preconditionFailure("no message about leaving")
        }
    }

    private func fillCommand(_ frame: inout Lockstep__Frame) {
        switch self {
        case .run(let attempt, let command, let asJobUser):
            frame.run = ProtobufMemory.allocate(lockstep__run__init)
            frame.run.pointee.attempt = attempt.protobuf
            frame.run.pointee.command = ProtobufMemory.copy(command)
            frame.run.pointee.as_job_user = asJobUser ? 1 : 0
            frame.body_case = LOCKSTEP__FRAME__BODY_RUN
        case .started(let pid):
            frame.started = ProtobufMemory.allocate(lockstep__started__init)
            frame.started.pointee.pid = pid
            frame.body_case = LOCKSTEP__FRAME__BODY_STARTED
        case .output(let descriptor, let data):
            frame.output = ProtobufMemory.allocate(lockstep__output__init)
            frame.output.pointee.descriptor = descriptor
            frame.output.pointee.data = ProtobufMemory.copy(data)
            frame.body_case = LOCKSTEP__FRAME__BODY_OUTPUT
        case .exited(let status):
            frame.exited = ProtobufMemory.allocate(lockstep__exited__init)
            frame.exited.pointee.status = status
            frame.body_case = LOCKSTEP__FRAME__BODY_EXITED
        default: preconditionFailure("no message of a launch agent")
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
