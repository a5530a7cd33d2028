import ClusterTypes
import Diagnostics
import Testing
import Wire

@Suite struct WireTests {
    static let attempt = AttemptID(job: JobName("job-1"), number: 3)
    static let messages: [ControlMessage] = [
        .hello(version: 7, nonce: [1, 2, 3]), .challenge(nonce: []), .proof(digest: [0, 255]),
        .welcome(digest: [9]), .refused(code: "denied", reason: "it is not the token — öß"),
        .register(
            Registration(
                worker: WorkerID("w"), instance: "i", address: "10.0.0.1", slots: 4, launchPort: 65535,
                attempts: [attempt, AttemptID(job: JobName("b"), number: 1)])),
        .register(
            Registration(
                worker: WorkerID("w"), instance: "i", address: "", slots: 0, launchPort: 0, attempts: [])),
        .registered(leaseSeconds: 5.5, heartbeatSeconds: 0.25), .heartbeat(sequence: .max, hotStateBytes: 5),
        .launch(
            LaunchOrder(
                attempt: attempt, request: Array("{\"a\":1}".utf8),
                gang: [
                    GangMember(
                        worker: WorkerID("w"), address: "a", launchPort: 1, ranks: 1,
                        hotStateFolder: "/dev/shm/x/job-1", isKeeper: true),
                    GangMember(worker: WorkerID("v"), address: "b", launchPort: 2, ranks: 1),
                ],
                environment: [EnvironmentVariable(name: "A", value: "x=y\n")], minimumRanks: 2)),
        .stop(attempt), .kill(attempt), .running(attempt), .ended(attempt, end: Array("{}".utf8)),
        .settled(attempt),
        .lines([
            LineChunk(attempt: attempt, stream: "events", offset: 1 << 40, data: Array("a\n".utf8)),
            LineChunk(attempt: attempt, stream: "algo-1", offset: 0, data: [0, 10]),
        ]),
        .lines([]), .received([LineMark(attempt: attempt, stream: "events", next: 12)]), .received([]),
        .run(attempt, command: "orted -mca x 1"), .started(pid: 77),
        .output(descriptor: 2, data: [1, 2, 3]), .exited(status: -1),
        .register(
            Registration(
                worker: WorkerID("w"), instance: "i", address: "", slots: 1, launchPort: 0, attempts: [],
                kind: .spot, hotStateFolder: "/dev/shm/x", hotJobs: [JobName("a"), JobName("b")],
                departure: DrainWish(reason: "told to end", deadlineSeconds: 1.5))),
        .drain(DrainWish(reason: "notice", deadlineSeconds: nil)), .drained, .forget(JobName("job-1")),
    ]

    @Test(arguments: messages)
    func `a message survives the wire`(message: ControlMessage) throws {
        let frame = try message.frame()
        let header = try FrameHeader(frame.prefix(FrameHeader.byteCount))
        let body = Array(frame.dropFirst(FrameHeader.byteCount))
        #expect(header.bodyBytes == body.count)
        #expect(try ControlMessage(body: body) == message)
    }

    @Test func `a header of another protocol is refused`() {
        #expect(throws: LockstepError.self) { try FrameHeader(Array("GET / HT".utf8)) }
        #expect(throws: LockstepError.self) { try FrameHeader([0x4C, 0x4B, 0x53, 2, 0, 0, 0, 1]) }
    }

    @Test func `a frame that is too long is refused before it is read`() {
        #expect(throws: LockstepError.self) { try FrameHeader(FrameHeader.magic + [0xFF, 0, 0, 0]) }
        #expect(throws: LockstepError.self) {
            try ControlMessage.ended(Self.attempt, end: [UInt8](repeating: 0, count: 17 << 20)).frame()
        }
    }

    @Test(arguments: ["", "../../etc", "a/b", "-a", "a-", String(repeating: "a", count: 64), "a b"])
    func `an attempt with a name that is no job name is refused`(name: String) {
        let body = ControlMessage.kill(AttemptID(job: JobName(name), number: 1)).encoded()
        #expect(throws: LockstepError.self) { try ControlMessage(body: body) }
    }

    @Test(arguments: 1...50)
    func `damaged bodies are errors or messages, never a crash`(seed: Int) throws {
        var random = SeededGenerator(UInt64(seed))
        for message in Self.messages {
            var body = message.encoded()
            guard !body.isEmpty else { continue }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: body.removeLast(Int.random(in: 1...body.count, using: &random))
            case 1:
                body[Int.random(in: 0..<body.count, using: &random)] = .random(in: 0...255, using: &random)
            default: body.append(.random(in: 0...255, using: &random))
            }
            do {
                _ = try ControlMessage(body: body)
            } catch {
                #expect(error.code == .network)
            }
        }
    }
}
