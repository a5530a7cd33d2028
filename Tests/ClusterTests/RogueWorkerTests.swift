import ClusterTypes
import CoordinatorService
import Foundation
import JobLifecycle
import Testing
import Wire

/// Whatever one peer sends, the coordinator lives and the others do not notice.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct RogueWorkerTests {
    private static let job = AttemptID(job: JobName("job-1"), number: 1)

    /// Claims about a gang that another worker supervises.
    private static func claims() throws -> [ControlMessage] {
        var end = AttemptEnd(.exited, status: 65, time: 1e300)
        (end.rank, end.step, end.code) = (.max, .max, "data")
        let failed = "{\"kind\":\"failed\",\"time\":1e300,\"code\":\"data\",\"step\":9223372036854775807}\n"
        let log = "inf\tnobody said this\n"
        return [
            .running(job), .ended(job, end: try Array(JSONEncoder().encode(end))), .ended(job, end: [0]),
            .lines([LineChunk(attempt: job, stream: "events", offset: 0, data: Array(failed.utf8))]),
            .lines([LineChunk(attempt: job, stream: "algo-1", offset: 0, data: Array(log.utf8))]),
            .drain(DrainWish(reason: "\u{1B}[2J", deadlineSeconds: 0.001)),
        ]
    }

    @Test func `a worker that sends nonsense loses its connection, and nobody anything`() async throws {
        let seed =
            ProcessInfo.processInfo.environment["LOCKSTEP_FUZZ_SEED"].flatMap { UInt64($0) }
            ?? .random(in: 0...1 << 32)
        print("LOCKSTEP_FUZZ_SEED=\(seed)")
        try await LiveCluster.with(workers: ["good"], slots: 1) { cluster in
            try await cluster.submit("job-1", slots: 1, steps: 300)
            _ = try await cluster.wait("job-1", for: "at step 2") { ($0.step ?? 0) >= 2 }
            let token = try String(contentsOfFile: cluster.tokenFile, encoding: .utf8)
            let before = Self.residentBytes
            var random = SeededGenerator(seed)
            let messages = try Self.claims() + WireTests.messages + WireTests.impossible
            for round in 0..<150 {
                let rogue = try RogueWorker(port: cluster.port)
                try rogue.introduce(token: token)
                let name = round % 10 == 9 ? "good" : "rogue-\(round % 4)"
                rogue.send(try WireTests.registration(name, slots: 0, instance: "\(round)").frame())
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let message = messages.randomElement(using: &random) ?? .drained
                    rogue.send(Self.damaged(try message.frame(), &random))
                }
            }
            let claims = try RogueWorker(port: cluster.port)
            try claims.introduce(token: token)
            claims.send(try WireTests.registration("rogue-9", slots: 0).frame())
            for message in try Self.claims() { claims.send(try message.frame()) }
            #expect(claims.isClosed, "an end that is no JSON ends the connection")
            let record = try await cluster.wait("job-1", seconds: 60, for: "completed") {
                $0.status.isTerminal
            }
            // On a machine that is busy the good worker may miss its lease by itself.
            #expect(record.status == .completed, "\(record.transitions)")
            let lines = try await cluster.coordinator.logLines(
                stream: try #require(try await cluster.coordinator.logStreams(JobName("job-1")).first?.name),
                from: 0, limit: 1000)
            #expect(!lines.contains { $0.text.contains("nobody said this") })
            let good = try await cluster.coordinator.workers().first { $0.id == WorkerID("good") }
            #expect(good?.state == .ready && good?.slots == 1)
            #expect(Self.residentBytes - before < 300 << 20)
            try await Self.forget(cluster)
        }
    }

    /// Workers that will not come back are struck, and no others.
    private static func forget(_ cluster: LiveCluster) async throws {
        for worker in try await cluster.coordinator.workers() where worker.id != WorkerID("good") {
            #expect(worker.state == .lost && worker.reason != nil)
            try await cluster.coordinator.forgetWorker(worker.id)
        }
        #expect(try await cluster.coordinator.workers().map(\.id) == [WorkerID("good")])
        await #expect(throws: (any Error).self) {
            try await cluster.coordinator.forgetWorker(WorkerID("good"))
        }
    }

    @Test func `strangers take no memory and do not keep others out`() async throws {
        try await LiveCluster.with(workers: [], slots: 1) { cluster in
            let before = Self.residentBytes
            let announcement = FrameHeader.magic + [1, 0, 0, 0] + [UInt8](repeating: 0, count: 64 << 10)
            let strangers = try (0..<300).map { index in
                let stranger = try RogueWorker(port: cluster.port)
                if index.isMultiple(of: 2) { stranger.send(announcement) }
                return stranger
            }
            #expect(strangers[0].isClosed, "what it announces is too long for somebody without the token")
            try cluster.startWorker("good", slots: 1)
            try await cluster.submit("job", slots: 1, steps: 5)
            let record = try await cluster.wait("job", seconds: 60, for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed)
            #expect(strangers[1].isClosed, "the oldest make room, and none may stay silent for long")
            #expect(Self.residentBytes - before < 100 << 20)
        }
    }

    private static func damaged(_ frame: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var frame = frame
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return frame
        case 1: frame.removeLast(Int.random(in: 1..<frame.count, using: &random))
        case 2: frame += frame.shuffled(using: &random)
        case 3: frame[4 + Int.random(in: 0..<4, using: &random)] = .random(in: 0...255, using: &random)
        default:
            for _ in 0..<3 {
                let place = Int.random(in: FrameHeader.byteCount..<max(9, frame.count), using: &random)
                if place < frame.count { frame[place] = .random(in: 0...255, using: &random) }
            }
        }
        return frame
    }

    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
