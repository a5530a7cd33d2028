import ClusterTypes
import CoordinatorService
import Diagnostics
import Dispatch
import Foundation
import Glibc
import JobLifecycle
import JobStore
import Testing
import Wire

/// The coordinator's machine misbehaves: its clock, its disk, whoever cleans up there.
@Suite struct CoordinatorTroubleTests {
    @Test func `a wall clock that jumps ends no job and loses no worker`() async throws {
        try await CoordinatorBench.with { bench in
            let worker = try await bench.register("w1")
            try await bench.create("job", slots: 1)
            let attempt = AttemptID(job: JobName("job"), number: 1)
            try await bench.heard("w1", .running(attempt))
            for (round, jump) in [3600.0, -7200, 3600, 0].enumerated() {
                bench.jump(jump)
                bench.advance(1)
                await bench.coordinator.tick()
                try await bench.heard("w1", .heartbeat(sequence: 1, hotStateBytes: 0))
                try await bench.heard("w1", bench.events(1, offset: UInt64(round * 39), step: round))
                if round == 1 { try await bench.restart() }
                if round == 2 { try await bench.reboot() }
                if round > 0 { _ = try await bench.register("w1", attempts: [attempt]) }
                #expect(try await bench.coordinator.job(JobName("job")).attempts.count == 1)
                #expect(try await bench.coordinator.workers().map(\.state) == [.ready])
            }
            #expect(!worker.messages.contains(.stop(attempt)))
            let last = try await bench.register("w1", attempts: [attempt])
            bench.advance(990)
            await bench.coordinator.tick()
            #expect(!last.messages.contains(.stop(attempt)), "994 of 1,000 seconds have passed")
            bench.advance(10)
            await bench.coordinator.tick()
            #expect(last.messages.contains(.stop(attempt)))
            try await bench.end(1, AttemptEnd(.exited, status: RankExit.stopped, time: 0))
            let record = try await bench.coordinator.job(JobName("job"))
            #expect(record.secondaryStatus == .maxRuntimeExceeded)
            let times = record.transitions.flatMap { [$0.startTime, $0.endTime ?? .infinity] }
            #expect(times == times.sorted(), "\(times)")
            #expect(record.runSeconds(at: 0) == 1004)
        }
    }

    @Test func `a store whose files are removed is written again, and nothing is lost`() async throws {
        for removed in [[""], ["", "-wal"], ["-wal"], ["", "-wal", "-shm"]] {
            try await CoordinatorBench.with { bench in
                try await bench.create("before", slots: 1)
                for part in removed { unlink(bench.storeFile + part) }
                try await bench.create("after", slots: 1)
                for part in removed { unlink(bench.storeFile + part) }
                await bench.coordinator.tick()
                try await bench.create("last", slots: 1)
                try await bench.restart()
                let names = try await bench.coordinator.jobs().map(\.name.rawValue)
                #expect(names == ["before", "after", "last"], "without \(removed)")
            }
        }
    }

    @Test func `a store in whose place another file lies refuses, and says so`() async throws {
        try await CoordinatorBench.with { bench in
            try await bench.create("before", slots: 1)
            rename(bench.storeFile, bench.storeFile + ".old")
            try "another".write(toFile: bench.storeFile, atomically: true, encoding: .utf8)
            let error = await #expect(throws: LockstepError.self) {
                try await bench.create("refused", slots: 1)
            }
            #expect(error?.message.hasPrefix("another file lies at \(bench.storeFile)") == true)
            #expect(try await bench.coordinator.jobs().map(\.name.rawValue) == ["before"])
            unlink(bench.storeFile)
            try await bench.create("after", slots: 1)
            try await bench.restart()
            #expect(try await bench.coordinator.jobs().map(\.name.rawValue) == ["before", "after"])
        }
    }

    @Test func `a coordinator that stood still accuses nobody`() async throws {
        try await CoordinatorBench.with { bench in
            _ = try await bench.register("w1")
            await bench.coordinator.tick()
            bench.advance(60)
            await bench.coordinator.tick()
            #expect(try await bench.coordinator.workers().map(\.state) == [.ready])
            for _ in 0..<6 {
                bench.advance(1)
                await bench.coordinator.tick()
            }
            #expect(try await bench.coordinator.workers().map(\.state) == [.lost])
        }
    }

    @Test func `a store that is locked for longer than the lease costs nobody a worker`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 2, steps: 200)
            _ = try await cluster.wait("job", for: "at step 10") { ($0.step ?? 0) >= 10 }
            let other = try JobStore(path: cluster.folder + "/coordinator/lockstep.sqlite")
            let start = ContinuousClock.now
            var refusals = 0
            try await withThrowingTaskGroup(of: Void.self) { group in
                let free = DispatchSemaphore(value: 0)
                let held = AsyncStream.makeStream(of: Void.self)
                group.addTask {
                    try await Self.onThread {
                        try other.write { _ in
                            held.continuation.finish()
                            free.wait()
                        }
                    }
                }
                for await _ in held.stream {}
                // More than twice the lease of three seconds.
                while ContinuousClock.now - start < .seconds(7) {
                    do {
                        try await cluster.submit("refused-\(refusals)", slots: 2, steps: 1)
                    } catch let error as LockstepError where error.code == .io {
                        refusals += 1
                        #expect(error.message.contains("is locked by another program"))
                    }
                }
                free.signal()
                try await group.waitForAll()
            }
            try other.close()
            #expect(refusals > 0)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed && record.attempts.count == 1 && record.step == 200)
            #expect(try await cluster.coordinator.jobs().count == 1)
        }
    }

    /// Runs what blocks on a thread of its own.
    private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}
