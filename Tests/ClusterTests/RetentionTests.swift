import ClusterTypes
import Foundation
import Glibc
import JobLifecycle
import ProgramContract
import Testing

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

    @Test func `settled attempts go by age and count, and empty folders with them`() async throws {
        try await withScratchFolder { folder in
            let manager = FileManager.default
            let now = Date().timeIntervalSince1970
            func make(_ name: String, daysAgo: Double, isSettled: Bool = true) throws {
                let path = "\(folder)/\(name)"
                try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
                try "log".write(toFile: path + "/log", atomically: false, encoding: .utf8)
                let file = path + "/" + AttemptRetention.settledName
                guard isSettled else { return }
                try "".write(toFile: file, atomically: false, encoding: .utf8)
                try manager.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: now - daysAgo * 86_400)],
                    ofItemAtPath: file)
            }
            try make("old/1", daysAgo: 40)
            try make("old/2", daysAgo: 39)
            try make("mixed/1", daysAgo: 38)
            try make("mixed/2", daysAgo: 0, isSettled: false)
            try make("new/1", daysAgo: 3)
            try make("new/2", daysAgo: 2)
            try manager.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: false)
            let retention = AttemptRetention(keepDays: 30, keepAttempts: 1)
            #expect(
                retention.expired(in: folder, at: now)
                    == ["old/1", "old/2", "mixed/1", "new/1"].map { "\(folder)/\($0)" })
            let removed = retention.apply(in: folder, at: now + 100)
            #expect(removed.count == 4 && removed.bytes > 0)
            let left = try manager.subpathsOfDirectory(atPath: folder).filter { !$0.contains(".") }.sorted()
            #expect(
                left == ["mixed", "mixed/2", "mixed/2/log", "new", "new/2", "new/2/log", "new/2/settled"])
        }
    }
}
