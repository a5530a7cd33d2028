import ClusterTypes
import ControlChannel
import CoordinatorService
import Diagnostics
import Foundation
import JobLifecycle
import JobSpecs
import JobStore
import Logging
import StorageLocations
import Synchronization
import Testing
import Wire

/// The coordinator with workers that are only recordings, and a clock that stands until told.
@Suite struct CoordinatorTests {
    @Test func `a created job is launched on the workers that are there`() async throws {
        try await CoordinatorBench.with { bench in
            let first = try await bench.register("w1")
            _ = try await bench.register("w2")
            try await bench.create("job", slots: 2)
            let order = try #require(first.launches.first)
            #expect(order.attempt == AttemptID(job: JobName("job"), number: 1))
            #expect(order.gang.map(\.worker) == [WorkerID("w1"), WorkerID("w2")])
            let variables = order.environment.map { "\($0.name)=\($0.value)" }
            #expect(variables == ["A=1", "TRAINING_JOB_ARN=arn", "TRAINING_JOB_NAME=job"])
        }
    }

    @Test func `creating twice is a conflict, unless it is the same call`() async throws {
        try await CoordinatorBench.with { bench in
            let first = try await bench.create("job", slots: 2, invocation: "call-1")
            let again = try await bench.create("job", slots: 2, invocation: "call-1")
            #expect(first.name == again.name && first.creationTime == again.creationTime)
            await #expect(throws: LockstepError.self) {
                try await bench.create("job", slots: 2, invocation: "call-2")
            }
            await #expect(throws: LockstepError.self) { try await bench.create("job", slots: 2) }
        }
    }

    @Test func `calls that come in together are answered each for itself, and stored`() async throws {
        try await CoordinatorBench.with { bench in
            let coordinator = bench.coordinator
            let outcomes = await withTaskGroup(of: (Int, Bool).self) { group in
                for call in 0..<60 {
                    let name = "job-\(call % 40)"
                    let draft = JobDraft(
                        name: JobName(name), requestJSON: "{}", arn: "arn:\(name)",
                        modelArtifact: "file:///m",
                        slotCount: 1, maxRuntimeSeconds: 60, maximumRestarts: 3)
                    group.addTask {
                        let job = try? await coordinator.createJob(draft, invocationID: "call-\(call)")
                        return (call % 40, job != nil)
                    }
                }
                return await group.reduce(into: [Int: [Bool]]()) { $0[$1.0, default: []].append($1.1) }
            }
            // Of two calls with the same name one was refused, whichever came first.
            for name in 0..<40 {
                #expect(outcomes[name]?.sorted { $0 && !$1 } == (name < 20 ? [true, false] : [true]))
            }
            let before = try await bench.coordinator.jobs()
            #expect(Set(before.map(\.name)).count == 40 && before.count == 40)
            try await bench.restart()
            #expect(try await bench.coordinator.jobs() == before)
        }
    }

    @Test func `a restarted coordinator knows everything and disturbs nothing`() async throws {
        try await CoordinatorBench.with { bench in
            var worker = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            try await bench.create("next", slots: 1, invocation: "call")
            try await bench.heard("w1", .running(AttemptID(job: JobName("job"), number: 1)))
            try await bench.heard("w1", bench.events(1, offset: 0, step: 4))
            let before = try await bench.coordinator.jobs()
            try await bench.restart()
            #expect(try await bench.coordinator.jobs() == before)
            worker = try await bench.register("w1", attempts: [AttemptID(job: JobName("job"), number: 1)])
            #expect(worker.messages.filter { if case .registered = $0 { false } else { true } }.isEmpty)
            #expect(try await bench.coordinator.job(JobName("job")).step == 4)
            #expect(try await bench.coordinator.job(JobName("next")).secondaryStatus == .pending)
            // The same call as before the crash gets the same answer.
            try await bench.create("next", slots: 1, invocation: "call")
        }
    }

    @Test func `a job of an earlier release gets its specification from its request, once`() async throws {
        try await withScratchFolder { folder in
            let store = try JobStore(path: folder + "/lockstep.sqlite")
            for (name, request) in [("old", "{\"ask\":1}"), ("odd", "{}")] {
                let draft = JobDraft(
                    name: JobName(name), requestJSON: request, arn: "arn:\(name)", modelArtifact: "file:///m",
                    slotCount: 1, maxRuntimeSeconds: 60, maximumRestarts: 1)
                var state = LifecycleState(draft, at: Moment(steady: 0, wall: 0))
                state = state.withHistory(
                    requestJSON: request, specJSON: nil, attempts: [], transitions: state.record.transitions)
                try store.write { try $0.insert(state, invocationID: nil) }
            }
            try store.close()
            let readings = Mutex<[String]>([])
            func specifications() async throws -> [String?] {
                var configuration = CoordinatorConfiguration(
                    dataFolder: folder, host: "127.0.0.1", port: 0, tokenFile: "none")
                configuration.readRequest = { request, arn in
                    readings.withLock { $0.append(request) }
                    guard request != "{}" else { throw LockstepError(.damaged, "no request") }
                    return JobSpec(
                        name: JobName("old"), arn: arn,
                        locations: JobSpec.Locations(output: StorageLocation(path: "/out")))
                }
                let coordinator = try Coordinator(configuration, logger: ControlChannelTests.quiet)
                let jobs = try await coordinator.jobs()
                try await coordinator.close()
                return jobs.map(\.specJSON)
            }
            let made = try await specifications()
            let text = try #require(made[0])
            #expect(try JobSpec(decoding: Array(text.utf8), source: "old").arn == "arn:old")
            #expect(made[1] == nil)
            #expect(try await specifications() == made)
            // The request of the one is not read again, that of the other is tried.
            #expect(readings.withLock { $0 } == ["{\"ask\":1}", "{}", "{}"])
        }
    }

    @Test func `a launch order that never arrived is given again`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            let worker = try await bench.register("w1")
            #expect(worker.launches.map(\.attempt.number) == [1])
        }
    }

    @Test func `a silent worker is lost, its job starts elsewhere and the old gang is ended`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            try await bench.heard("w1", .running(AttemptID(job: JobName("job"), number: 1)))
            bench.advance(4)
            let other = try await bench.register("w2")
            bench.advance(2)
            await bench.coordinator.tick()
            #expect(other.launches.map(\.attempt.number) == [2])
            let states = try await bench.coordinator.workers().map(\.state)
            #expect(states == [.lost, .ready])
            let back = try await bench.register("w1", attempts: [AttemptID(job: JobName("job"), number: 1)])
            #expect(back.messages.contains(.kill(AttemptID(job: JobName("job"), number: 1))))
            let free = try await bench.coordinator.workers().map(\.freeSlots)
            #expect(free == [0, 0], "slots of a gang that may still run are not free")
        }
    }

    @Test func `a gang that loses another worker is ended before it starts again`() async throws {
        try await CoordinatorBench.with { bench in
            let first = try await bench.register("w1")
            _ = try await bench.register("w2")
            try await bench.create("job", slots: 2)
            bench.advance(4)
            try await bench.heard("w1", .heartbeat(sequence: 1, hotStateBytes: 0))
            bench.advance(2)
            await bench.coordinator.tick()
            let attempt = AttemptID(job: JobName("job"), number: 1)
            #expect(first.messages.contains(.kill(attempt)))
            #expect(try await bench.coordinator.job(JobName("job")).secondaryStatus == .interrupted)
            _ = try await bench.register("w3")
            #expect(first.launches.count == 1, "not before the old gang is gone")
            try await bench.end(1, AttemptEnd(.killed, status: 137, time: 0))
            #expect(first.launches.map(\.attempt.number) == [1, 2])
            let record = try await bench.coordinator.job(JobName("job"))
            #expect(record.attempts[0].outcome == "worker w2 was lost")
        }
    }

    @Test func `what a worker says of another one's attempt changes nothing`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            let other = try await bench.register("w2")
            let attempt = AttemptID(job: JobName("job"), number: 1)
            let before = try await bench.coordinator.job(JobName("job"))
            let end = AttemptEnd(.exited, status: RankExit.completed, time: 0)
            try await bench.heard("w2", .running(attempt))
            try await bench.heard("w2", bench.events(1, offset: 0, step: 4))
            try await bench.heard("w2", .ended(attempt, end: Array(JSONEncoder().encode(end))))
            #expect(try await bench.coordinator.job(JobName("job")) == before)
            #expect(other.messages.contains(.kill(attempt)) && other.messages.contains(.settled(attempt)))
        }
    }

    @Test func `numbers that cannot be are taken out of what a gang tells`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            let attempt = AttemptID(job: JobName("job"), number: 1)
            try await bench.heard("w1", .running(attempt))
            let lines =
                "{\"kind\":\"progress\",\"time\":1e300,\"step\":1}\n"
                + "{\"kind\":\"progress\",\"time\":1,\"step\":9223372036854775807}\n"
            try await bench.heard(
                "w1",
                .lines([
                    LineChunk(attempt: attempt, stream: "events", offset: 0, data: Array(lines.utf8)),
                    LineChunk(attempt: attempt, stream: "algo-1", offset: 0, data: Array("inf\ta\n".utf8)),
                ]))
            #expect(try await bench.coordinator.job(JobName("job")).step == nil)
            var end = AttemptEnd(.exited, status: 1, time: 1e300)
            (end.rank, end.step) = (.max, .max)
            end.message = String(repeating: "x", count: 1 << 20)
            try await bench.end(1, end)
            let record = try await bench.coordinator.job(JobName("job"))
            #expect(record.attempts.count == 2 && record.attempts[0].outcome?.utf8.count ?? 0 < 1 << 17)
        }
    }

    @Test func `a lost worker is forgotten after a week, or when an operator says so`() async throws {
        try await CoordinatorBench.with { bench in
            for name in ["w1", "w2", "w3"] { _ = try await bench.register(name) }
            try await bench.coordinator.drainWorker(WorkerID("w2"), reason: "disk", deadlineSeconds: nil)
            await #expect(throws: LockstepError.self) {
                try await bench.coordinator.forgetWorker(WorkerID("w3"))
            }
            bench.advance(6)
            await bench.coordinator.tick()
            let reasons = try await bench.coordinator.workers().map(\.reason)
            #expect(
                reasons == ["silent for longer than its lease", "disk", "silent for longer than its lease"])
            try await bench.coordinator.forgetWorker(WorkerID("w3"))
            try await bench.restart()
            #expect(try await bench.coordinator.workers().map(\.id.rawValue) == ["w1", "w2"])
            bench.advance(6)
            await bench.coordinator.tick()
            bench.advance(8 * 86_400)
            await bench.coordinator.tick()
            #expect(try await bench.coordinator.workers().map(\.id.rawValue) == ["w2"], "a drain is kept")
        }
    }

    @Test func `lines that come twice are stored once`() async throws {
        try await CoordinatorBench.with { bench in
            let worker = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            let attempt = AttemptID(job: JobName("job"), number: 1)
            let pieces: [(UInt64, String)] = [
                (0, "1.0\ta\n"), (0, "1.0\ta\n"), (6, "2.0\tb\n"), (0, "1.0\ta\n2.0\tb\n3.0\tc\n"),
                (99, "4\td\n"),
            ]
            for (offset, text) in pieces {
                let chunk = LineChunk(
                    attempt: attempt, stream: "algo-1", offset: offset, data: Array(text.utf8))
                try await bench.heard("w1", .lines([chunk]))
            }
            let stream = try #require(try await bench.coordinator.logStreams(JobName("job")).first)
            let lines = try await bench.coordinator.logLines(stream: stream.name, from: 0, limit: 10)
            #expect(lines.map(\.text) == ["a", "b", "c"])
            let marks = worker.messages.compactMap {
                if case .received(let marks) = $0 { marks.first?.next } else { nil }
            }
            #expect(marks == [6, 6, 12, 18, 18])
        }
    }

    @Test func `the end of an attempt is acknowledged as often as it is told`() async throws {
        try await CoordinatorBench.with { bench in
            let worker = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            for _ in 0..<2 { try await bench.end(1, AttemptEnd(.exited, status: 0, time: 0)) }
            let settled = worker.messages.count { $0 == .settled(AttemptID(job: JobName("job"), number: 1)) }
            #expect(settled == 2)
            let record = try await bench.coordinator.job(JobName("job"))
            #expect(record.status == .completed && record.attempts.count == 1)
        }
    }

    @Test func `a second worker of one name is refused while the first is connected`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1", instance: "a")
            _ = try await bench.register("w1", instance: "a")
            let error = await #expect(throws: LockstepError.self) {
                _ = try await bench.register("w1", instance: "b")
            }
            #expect(error?.code == .conflict && error?.message.contains("--name") == true)
        }
    }

    @Test func `stopping a waiting job needs no worker, stopping an ended one is a conflict`() async throws {
        try await CoordinatorBench.with { bench in
            try await bench.create("job", slots: 1)
            try await bench.coordinator.stopJob(JobName("job"))
            #expect(try await bench.coordinator.job(JobName("job")).status == .stopped)
            let ended = await #expect(throws: LockstepError.self) {
                try await bench.coordinator.stopJob(JobName("job"))
            }
            #expect(ended?.code == .conflict)
            let unknown = await #expect(throws: LockstepError.self) {
                try await bench.coordinator.stopJob(JobName("other"))
            }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test func `a second coordinator on one folder is refused`() async throws {
        try await CoordinatorBench.with { bench in
            let error = #expect(throws: LockstepError.self) { _ = try bench.open() }
            #expect(error?.code == .conflict)
            #expect(error?.message.hasPrefix("another coordinator runs on") == true)
        }
    }
}
