import ClusterTypes
import CoordinatorService
import Diagnostics
import Foundation
import JobLifecycle
import Testing
import Wire
import WorkerService

/// What is kept of jobs that are over, and what goes.
@Suite struct RetentionTests {
    @Test func `old jobs are forgotten by age and count, running ones never`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            for name in ["a", "b", "c"] {
                try await bench.create(name, slots: 2)
                try await bench.coordinator.stopJob(JobName(name))
                bench.advance(86_400)
            }
            try await bench.create("waits", slots: 2)
            bench.advance(86_400)
            func names() async throws -> [String] { try await bench.coordinator.jobs().map(\.name.rawValue) }
            let byAge = Retention(keepDays: 2.5, keepJobs: 100)
            let rehearsal = try await bench.coordinator.collectGarbage(byAge, isRehearsal: true)
            #expect(rehearsal.map(\.name.rawValue) == ["a", "b"])
            #expect(rehearsal.allSatisfy { $0.bytes > 50 })
            #expect(try await names() == ["a", "b", "c", "waits"])
            let byCount = Retention(keepDays: 1000, keepJobs: 2)
            _ = try await bench.coordinator.collectGarbage(byCount, isRehearsal: false)
            #expect(try await names() == ["b", "c", "waits"])
            // The name is free again, and its place in the order is the new job's.
            try await bench.create("a", slots: 2)
            #expect(try await names() == ["b", "c", "waits", "a"])
            _ = try await bench.coordinator.collectGarbage(
                Retention(keepDays: 0, keepJobs: 0), isRehearsal: false)
            try await bench.restart()
            #expect(try await names() == ["waits", "a"])
        }
    }

    @Test func `workers are told, and the job store gives its disk back`() async throws {
        try await CoordinatorBench.with { bench in
            let worker = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            let text = String(repeating: "x", count: 1000)
            let data = Array((0..<4000).map { "\($0) \(text)\n" }.joined().utf8)
            let attempt = AttemptID(job: JobName("job"), number: 1)
            try await bench.heard(
                "w1",
                .lines([LineChunk(attempt: attempt, stream: "algo-1", offset: 0, data: data)]))
            try await bench.end(1, AttemptEnd(.exited, status: RankExit.completed, time: 2000))
            let before = bench.storeBytes
            #expect(before > data.count)
            let none = Retention(keepDays: 1000, keepJobs: 0)
            let jobs = try await bench.coordinator.collectGarbage(none, isRehearsal: false)
            #expect(jobs.count == 1 && (jobs.first?.bytes ?? 0) > data.count - 5000)
            #expect(bench.storeBytes < before - data.count + 100_000)
            #expect(worker.messages.contains(.forget(JobName("job"), attempts: true)))
            await #expect(throws: LockstepError.self) {
                try await bench.coordinator.logStreams(JobName("job"))
            }
        }
    }

    @Test func `a job of which a worker still runs an attempt is remembered`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            bench.advance(6)
            await bench.coordinator.tick()
            try await bench.coordinator.stopJob(JobName("job"))
            #expect(try await bench.coordinator.job(JobName("job")).status == .stopped)
            // The worker comes back with the attempt, and is told to end it.
            let attempt = AttemptID(job: JobName("job"), number: 1)
            let worker = try await bench.register("w1", attempts: [attempt])
            #expect(worker.messages.contains(.kill(attempt)))
            let none = Retention(keepDays: 0, keepJobs: 0)
            bench.advance(1)
            #expect(try await bench.coordinator.collectGarbage(none, isRehearsal: false).isEmpty)
            try await bench.end(1, AttemptEnd(.killed, status: 137, time: 1))
            #expect(try await bench.coordinator.collectGarbage(none, isRehearsal: false).count == 1)
        }
    }

    @Test func `settled attempts go by age and count, and what is no attempt with them`() async throws {
        try await withScratchFolder { folder in
            let manager = FileManager.default
            let now = Date().timeIntervalSince1970
            func make(_ name: String, daysAgo: Double, isSettled: Bool = true) throws {
                let path = "\(folder)/\(name)"
                try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
                try "{}".write(toFile: path + "/launch.json", atomically: false, encoding: .utf8)
                let file = path + "/settled"
                guard isSettled else { return }
                try "".write(toFile: file, atomically: false, encoding: .utf8)
                try manager.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: now - daysAgo * 86_400)],
                    ofItemAtPath: file)
            }
            try make("old/1", daysAgo: 40)
            try make("old/2", daysAgo: 39)
            // The attempts of a job that still runs are its history.
            try make("mixed/1", daysAgo: 38)
            try make("mixed/2", daysAgo: 0, isSettled: false)
            try make("new/1", daysAgo: 3)
            try make("new/2", daysAgo: 2)
            for empty in ["empty", "torn/1/logs"] {
                try manager.createDirectory(
                    atPath: "\(folder)/\(empty)", withIntermediateDirectories: true)
            }
            let retention = AttemptRetention(keepDays: 30, keepAttempts: 1)
            #expect(
                retention.expired(in: folder, at: now)
                    == ["old/1", "old/2", "new/1"].map { "\(folder)/\($0)" })
            retention.apply(in: folder, at: now)
            let young = try manager.contentsOfDirectory(atPath: folder).sorted()
            #expect(young == ["empty", "mixed", "new", "old", "torn"])
            // What is made just now may be about to be filled.
            retention.apply(in: folder, at: now + 100)
            retention.apply(in: folder, at: now + 200)
            let left = try manager.subpathsOfDirectory(atPath: folder).filter { !$0.contains(".") }.sorted()
            #expect(
                left == ["mixed", "mixed/1", "mixed/1/settled", "mixed/2", "new", "new/2", "new/2/settled"])
        }
    }
}
