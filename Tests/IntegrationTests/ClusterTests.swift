import Foundation
import Testing

/// Built daemons, real MPI, real clients: what happens to a job never shows in its model.
@Suite(.serialized) struct BuiltClusterTests {
    @Test func `one to three workers train one model, and a killed rank does not show`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 3, in: folder) { cluster in
                var hashes: [String: String] = [:]
                for count in 1...3 {
                    var job = SampleJob.linearLearner(.dense, name: "on-\(count)")
                    job.instanceCount = count
                    let file = try job.write(to: folder)
                    let outcome = try cluster.lockstep(["submit", file.path, "--wait"])
                    #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
                    hashes["\(count)"] = try cluster.describe("on-\(count)")["ModelHash"] as? String
                }
                hashes["killed"] = try Self.trainKillingARank(cluster, folder)
                #expect(hashes.count == 4 && Set(hashes.values).count == 1, "\(hashes)")
                let verdict = try cluster.lockstep(["verify", "killed", "on-1"])
                #expect(verdict.status == 0, "\(verdict.output) \(verdict.error)")
                try Self.forgetAllButOne(cluster, folder)
            }
        }
    }

    /// What is forgotten leaves nothing with the daemons; its model stays, and what is kept can be verified.
    private static func forgetAllButOne(_ cluster: LocalCluster, _ folder: URL) throws {
        func attempts() throws -> Set<String> {
            let found = try (1...3).flatMap {
                let path = cluster.folder.appendingPathComponent("worker-\($0)/attempts").path
                return try FileManager.default.contentsOfDirectory(atPath: path)
            }
            return Set(found)
        }
        #expect(try attempts() == ["on-1", "on-2", "on-3", "killed"])
        let rehearsal = try cluster.lockstep(["gc", "--keep-jobs", "1", "--dry-run"])
        #expect(rehearsal.output.contains("3 jobs would be forgotten: "), "\(rehearsal)")
        let collection = try cluster.lockstep(["gc", "--keep-jobs", "1"])
        #expect(collection.output.contains("3 jobs were forgotten: "), "\(collection)")
        #expect(try RunningProgram.eventually(seconds: 20) { try attempts() == ["killed"] })
        #expect(try cluster.describe("on-1").isEmpty)
        let kept = try cluster.lockstep(["verify", "killed"])
        #expect(kept.status == 0, "\(kept.output) \(kept.error)")
        let left = try cluster.lockstep(["verify", folder.path + "/output/on-1"])
        #expect(left.status == 0, "\(left.output) \(left.error)")
    }

    private static func trainKillingARank(_ cluster: LocalCluster, _ folder: URL) throws -> String? {
        var job = SampleJob.linearLearner(.dense, name: "killed")
        job.instanceCount = 3
        job.hyperparameters["checkpoint_interval_steps"] = "5"
        job.environment["LOCKSTEP_STEP_DELAY_MS"] = "60"
        let file = try job.write(to: folder)
        _ = try cluster.lockstep(["submit", file.path])
        try #require(
            RunningProgram.eventually(seconds: 40) {
                (try cluster.describe("killed")["ProgressInfo"] as? [String: Any])?["CurrentStep"] as? Int
                    ?? 0 >= 8
            }, "the job did not reach step 8")
        let victim = try #require(try cluster.ranks(of: "killed").last)
        #expect(Foundation.kill(victim, SIGKILL) == 0)
        let end = try cluster.finished("killed")
        #expect(end["TrainingJobStatus"] as? String == "Completed", "\(end)")
        let transitions = end["SecondaryStatusTransitions"] as? [[String: Any]] ?? []
        #expect(transitions.filter { $0["Status"] as? String == "Training" }.count >= 2, "\(transitions)")
        return end["ModelHash"] as? String
    }

    @Test func `a coordinator killed in mid-job comes back and the job did not notice`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 2, in: folder) { cluster in
                var job = SampleJob.linearLearner(.dense, name: "steady")
                job.instanceCount = 2
                job.environment["LOCKSTEP_STEP_DELAY_MS"] = "100"
                let file = try job.write(to: folder)
                _ = try cluster.lockstep(["submit", file.path])
                try #require(
                    RunningProgram.eventually(seconds: 40) { try !cluster.ranks(of: "steady").isEmpty })
                let before = Set(try cluster.ranks(of: "steady"))
                cluster.kill("coordinator", SIGKILL)
                #expect(try EventLog(folder: folder, job: "steady").grows(by: 5))
                try cluster.startCoordinator()
                try #require(
                    RunningProgram.eventually(seconds: 20) {
                        try cluster.describe("steady")["TrainingJobStatus"] as? String == "InProgress"
                    })
                #expect(Set(try cluster.ranks(of: "steady")) == before)
                let end = try cluster.finished("steady")
                #expect(end["TrainingJobStatus"] as? String == "Completed", "\(end)")
                try Self.expectNoGap(in: folder, job: "steady", delaySeconds: 0.1)
            }
        }
    }

    /// The largest step time in the job's own event log stays near the median.
    private static func expectNoGap(in folder: URL, job: String, delaySeconds: Double) throws {
        let largest = try EventLog(folder: folder, job: job).events().compactMap {
            $0["maxStepSeconds"] as? Double
        }
        #expect(!largest.isEmpty)
        #expect(largest.max() ?? .infinity < 3 * delaySeconds, "\(largest)")
    }
}
