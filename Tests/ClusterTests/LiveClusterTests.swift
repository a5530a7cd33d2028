import ClusterTypes
import CoordinatorService
import Glibc
import JobLifecycle
import Testing

@Suite(.serialized, .timeLimit(.minutes(2)))
struct LiveClusterTests {
    @Test func `a job runs under mpirun on two workers and completes`() async throws {
        try await LiveCluster.with(workers: ["w1", "w2"], slots: 1) { cluster in
            try await cluster.submit("job", slots: 2, steps: 10)
            let record = try await cluster.wait("job", for: "completed") { $0.status.isTerminal }
            #expect(record.status == .completed)
            #expect(record.step == 10)
            #expect(record.modelHash == "abc")
            #expect(
                record.transitions.map(\.status).drop { $0 != .downloading }
                    == [.downloading, .training, .uploading, .completed])
            let streams = try await cluster.coordinator.logStreams(JobName("job"))
            #expect(streams.count == 2)
            for (rank, stream) in streams.enumerated() {
                let lines = try await cluster.coordinator.logLines(stream: stream.name, from: 0, limit: 100)
                #expect(lines.map(\.text) == (1...10).map { "rank \(rank) of 2 did step \($0)" })
            }
            #expect(cluster.leftovers().isEmpty)
        }
    }
}
