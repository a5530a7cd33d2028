import ClusterTypes
import Diagnostics
import Foundation
import JobLifecycle
import JobStore
import Testing

@Suite struct JobStoreTests {
    @Test func `what was written is there after a reopening`() async throws {
        try await withScratchFolder { folder in
            let path = folder + "/store.sqlite"
            var expected: [LifecycleState] = []
            let store = try JobStore(path: path)
            for name in JobFixture.states {
                var state = try #require(JobFixture.state(name))
                state = try renamed(state, "job-\(name)")
                try store.write { try $0.insert(state, invocationID: "call-\(name)") }
                expected.append(state)
            }
            try store.close()
            let reopened = try JobStore(path: path)
            let jobs = try reopened.jobs()
            #expect(jobs.map(\.state) == expected)
            #expect(jobs.map(\.invocationID) == JobFixture.states.map { "call-\($0)" })
        }
    }

    @Test func `a change writes what has changed`() async throws {
        try await withScratchFolder { folder in
            let store = try JobStore(path: folder + "/store.sqlite")
            var state = JobFixture.fresh()
            try store.write { try $0.insert(state, invocationID: nil) }
            let steps: [(JobEvent, Double)] = [
                (.waits(reason: "waiting for 2 slots, 0 are free of 2"), 1), (.placed(JobFixture.gang), 2),
                (.ended(attempt: 1, JobFixture.signalled(9)), 3), (.placed(JobFixture.gang), 4),
                (.running(attempt: 2), 5), (.stopRequested, 6),
                (.ended(attempt: 2, AttemptEnd(.exited, status: 75, time: 7)), 7),
            ]
            for (event, time) in steps {
                let old = state
                _ = state.apply(event, at: time)
                try store.write { try $0.save(state, replacing: old) }
                #expect(try store.jobs().map(\.state) == [state])
            }
        }
    }

    @Test func `a transaction that throws leaves nothing`() async throws {
        try await withScratchFolder { folder in
            let store = try JobStore(path: folder + "/store.sqlite")
            #expect(throws: LockstepError.self) {
                try store.write { transaction in
                    try transaction.insert(JobFixture.fresh(), invocationID: nil)
                    throw LockstepError(.bug, "in the middle")
                }
            }
            #expect(try store.jobs().isEmpty)
        }
    }

    @Test func `lines keep their numbers over pieces and reopenings`() async throws {
        try await withScratchFolder { folder in
            let job = JobName("job")
            for round in 0..<3 {
                let store = try JobStore(path: folder + "/store.sqlite")
                if round == 0 { try store.write { try $0.insert(JobFixture.fresh(), invocationID: nil) } }
                let lines = (0..<4).map { LogLine(time: Double(round * 4 + $0), text: "\(round * 4 + $0)") }
                try store.write {
                    try $0.append(lines, job: job, rank: 0, name: "job/algo-1-7", at: 5)
                    try $0.setPosition(
                        AttemptID(job: job, number: 1), stream: "algo-1", next: UInt64(round + 1))
                    #expect(
                        try $0.position(AttemptID(job: job, number: 1), stream: "algo-1") == UInt64(round + 1)
                    )
                    #expect(try $0.position(AttemptID(job: job, number: 2), stream: "algo-1") == 0)
                }
                #expect(try store.logLineCount(stream: "job/algo-1-7") == round * 4 + 4)
                try store.close()
            }
            let store = try JobStore(path: folder + "/store.sqlite")
            #expect(
                try store.logLines(stream: "job/algo-1-7", from: 3, limit: 6).map(\.text)
                    == ["3", "4", "5", "6", "7", "8"])
            let stream = LogStreamRecord(
                name: "job/algo-1-7", creationTime: 5, firstEventTime: 0, lastEventTime: 11)
            #expect(try store.logStreams(job) == [stream])
            #expect(try store.logLineCount(stream: "job/algo-2-7") == nil)
        }
    }

    @Test func `a file that is no store is named and left alone`() async throws {
        try await withScratchFolder { folder in
            let path = folder + "/store.sqlite"
            let text = String(repeating: "this is no database. ", count: 100)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: LockstepError.self) { try JobStore(path: path) }
            #expect(error?.code == .damaged && error?.message.contains(path) == true)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    /// The same job under another name.
    private func renamed(_ state: LifecycleState, _ name: String) throws -> LifecycleState {
        var object = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(state)) as? [String: Any])
        var record = try #require(object["record"] as? [String: Any])
        record["name"] = name
        object["record"] = record
        return try JSONDecoder().decode(
            LifecycleState.self, from: JSONSerialization.data(withJSONObject: object))
    }
}
