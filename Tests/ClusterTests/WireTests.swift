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
                worker: WorkerID("w"), instance: "i", address: "node-1.example", slots: 0, launchPort: 0,
                attempts: [])),
        .registered(leaseSeconds: 5.5, heartbeatSeconds: 0.25), .heartbeat(sequence: .max, hotStateBytes: 5),
        .launch(
            LaunchOrder(
                attempt: attempt, request: Array("{\"a\":1}".utf8), spec: Array("{\"b\":2}".utf8),
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
        .run(attempt, command: "orted -mca x 1", asJobUser: true), .started(pid: 77),
        .output(descriptor: 2, data: [1, 2, 3]), .exited(status: -1),
        .register(
            Registration(
                worker: WorkerID("w"), instance: "i", address: "", slots: 1, launchPort: 0, attempts: [],
                kind: .spot, hotStateFolder: "/dev/shm/x", hotJobs: [JobName("a"), JobName("b")],
                departure: DrainWish(reason: "told to end", deadlineSeconds: 1.5))),
        .drain(DrainWish(reason: "notice", deadlineSeconds: nil)), .drained,
        .forget(JobName("job-1"), attempts: false), .forget(JobName("job-1"), attempts: true),
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

    static func registration(
        _ name: String = "w", address: String = "10.0.0.1", slots: Int = 1, port: Int = 1,
        folder: String = "",
        instance: String = "i"
    ) -> ControlMessage {
        .register(
            Registration(
                worker: WorkerID(name), instance: instance, address: address, slots: slots, launchPort: port,
                attempts: [], hotStateFolder: folder))
    }

    static func lines(_ stream: String = "events", offset: UInt64 = 0, bytes: Int = 1) -> ControlMessage {
        .lines([
            LineChunk(
                attempt: attempt, stream: stream, offset: offset, data: [UInt8](repeating: 0x0A, count: bytes)
            )
        ])
    }

    static func launch(ranks: [Int], minimum: Int = 1, variable: String = "A") -> ControlMessage {
        .launch(
            LaunchOrder(
                attempt: attempt, request: [],
                gang: ranks.map { GangMember(worker: WorkerID("w"), address: "a", launchPort: 1, ranks: $0) },
                environment: [EnvironmentVariable(name: variable, value: "")], minimumRanks: minimum))
    }

    static let impossible: [ControlMessage] = [
        registration(""), registration(String(repeating: "w", count: 1 << 20)), registration("w\u{1B}[2J"),
        registration("a b"), registration("../w"), registration(".w"), registration("w", address: "[::1]"),
        registration("w", address: "a b"), registration("w", address: String(repeating: "1", count: 254)),
        registration("w", slots: 4097), registration("w", slots: Int(UInt32.max)),
        registration("w", port: 65536), registration("w", folder: "dev/shm"),
        registration("w", folder: "/dev/shm\n"), registration("w", instance: ""),
        registration("w", instance: "a b"), lines(offset: .max), lines(offset: 1 << 63),
        lines(offset: UInt64(Int64.max), bytes: 2), lines("algo-0"), lines("algo-01"), lines("algo-+1"),
        lines("algo-4098"), lines("algo-99999999999999999999"), lines("mpirun"), lines("../events"),
        .received([LineMark(attempt: attempt, stream: "events", next: .max)]),
        .heartbeat(sequence: 0, hotStateBytes: .max), .registered(leaseSeconds: .nan, heartbeatSeconds: 1),
        .registered(leaseSeconds: .infinity, heartbeatSeconds: 1),
        .registered(leaseSeconds: 5, heartbeatSeconds: 0), .registered(leaseSeconds: 5, heartbeatSeconds: 6),
        .registered(leaseSeconds: 1e300, heartbeatSeconds: 1), .output(descriptor: 3, data: []),
        .output(descriptor: .max, data: []), .refused(code: "a\nb", reason: ""),
        .drain(DrainWish(reason: "", deadlineSeconds: 1e300)),
        .drain(DrainWish(reason: "", deadlineSeconds: -1)),
        launch(ranks: []), launch(ranks: [0]), launch(ranks: [4097]), launch(ranks: [4096, 4096]),
        launch(ranks: [1], minimum: 2), launch(ranks: [1], variable: "A=B"), launch(ranks: [1], variable: ""),
        .kill(AttemptID(job: JobName("job"), number: 0)),
    ]

    @Test(arguments: impossible.indices)
    func `a value that cannot be is refused in one line`(_ index: Int) {
        let message = Self.impossible[index]
        let error = #expect(throws: LockstepError.self) {
            try ControlMessage(body: message.encoded())
        }
        #expect(error?.code == .network)
        let words = error?.message ?? ""
        #expect(words.utf8.count < 300 && !words.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test func `words for people steer no terminal and come to an end`() throws {
        let long = "a\u{1B}[2J\nb" + String(repeating: "x", count: 1 << 20)
        let message = ControlMessage.drain(DrainWish(reason: long, deadlineSeconds: nil))
        guard case .drain(let wish) = try ControlMessage(body: message.encoded()) else {
            Issue.record("it became another message")
            return
        }
        #expect(wish.reason.hasPrefix("a\\u{001B}[2J\\nb") || wish.reason.hasPrefix("a\\u{1B}[2J\\nb"))
        #expect(wish.reason.utf8.count < 5000)
    }

    @Test func `many small parts in one frame take no memory to speak of`() throws {
        // Lines with 4 million empty pieces: two bytes each on the wire, a hundred in memory.
        let pieces = [[UInt8]](repeating: [0x0A, 0x00], count: 4 << 20).flatMap { $0 }
        var length = pieces.count
        var body: [UInt8] = [15 << 3 | 2]
        while length >= 0x80 {
            body.append(UInt8(length & 0x7F | 0x80))
            length >>= 7
        }
        body.append(UInt8(length))
        let error = #expect(throws: LockstepError.self) { try ControlMessage(body: body + pieces) }
        #expect(error?.message.hasSuffix("bytes is no message") == true)
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
