import Foundation
import Testing

/// What a person sees of a job that is under way.
@Suite(.serialized) struct FollowLogsTests {
    @Test func `logs -f shows lines while the job runs, all of them, and ends with it`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 2, in: folder) { cluster in
                var job = SampleJob.linearLearner(.dense, name: "told")
                job.instanceCount = 2
                job.environment["LOCKSTEP_STEP_DELAY_MS"] = "80"
                _ = try cluster.lockstep(["submit", try job.write(to: folder).path])
                let following = try Program.start(
                    "lockstep", ["jobs", "logs", "told", "-f"], in: folder,
                    environment: ["LOCKSTEP_ENDPOINT": cluster.api])
                try #require(
                    RunningProgram.eventually(seconds: 30) { following.output.contains("#quality_metric") },
                    "no line came: \(following.output) \(following.error)")
                #expect(following.process.isRunning)
                #expect(try cluster.describe("told")["TrainingJobStatus"] as? String == "InProgress")
                let followed = following.wait(seconds: 60)
                #expect(followed.status == 0, "\(followed.error)")
                let end = try cluster.finished("told")
                #expect(end["TrainingJobStatus"] as? String == "Completed")
                // Asked afterwards, the same lines in the same order.
                let whole = try cluster.lockstep(["jobs", "logs", "told"])
                #expect(Self.lines(followed).sorted() == Self.lines(whole).sorted())
                #expect(followed.modelHash != nil && whole.modelHash == followed.modelHash)
            }
        }
    }

    @Test func `followers bear with a coordinator that is started again`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 1, in: folder) { cluster in
                var job = SampleJob.linearLearner(.dense, name: "borne")
                job.environment["LOCKSTEP_STEP_DELAY_MS"] = "120"
                _ = try cluster.lockstep(["submit", try job.write(to: folder).path])
                let followers = try [["jobs", "logs", "borne", "-f"], ["jobs", "wait", "borne"]].map {
                    try Program.start(
                        "lockstep", $0, in: folder, environment: ["LOCKSTEP_ENDPOINT": cluster.api])
                }
                try #require(
                    RunningProgram.eventually(seconds: 30) {
                        followers[0].output.contains("#quality_metric")
                    })
                cluster.kill("coordinator", SIGKILL)
                #expect(try EventLog(folder: folder, job: "borne").grows(by: 8))
                #expect(followers.filter { $0.process.isRunning }.count == 2)
                try cluster.startCoordinator()
                let ends = followers.map { $0.wait(seconds: 60) }
                #expect(ends.map(\.status) == [0, 0], "\(ends.map(\.error))")
                let whole = try cluster.lockstep(["jobs", "logs", "borne"])
                #expect(Self.lines(ends[0]) == Self.lines(whole))
                #expect(ends[0].modelHash != nil && ends[0].modelHash == ends[1].modelHash)
            }
        }
    }

    @Test func `a waited-for job tells each metric on a line of its own`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 1, in: folder) { cluster in
                let job = SampleJob.linearLearner(.dense, name: "lines")
                let outcome = try cluster.lockstep(["submit", try job.write(to: folder).path, "--wait"])
                let lines = outcome.output.split(separator: "\n").map(String.init)
                let start = try #require(lines.firstIndex(of: "lines Completed"), "\(outcome.output)")
                let result = lines[start...].dropFirst()
                #expect(result.count > 3 && result.allSatisfy { $0.hasPrefix("  ") && $0.count <= 110 })
                let metrics = result.filter { $0.contains(":") && !$0.contains("model") }
                #expect(metrics.allSatisfy { $0.split(separator: " ").count == 2 }, "\(metrics)")
                let hash = try cluster.describe("lines")["ModelHash"] as? String
                #expect(result.last == "  model-hash: \(hash ?? "none")")
            }
        }
    }

    private static func lines(_ outcome: Program.Outcome) -> [String] {
        outcome.output.split(separator: "\n").map(String.init)
    }
}
