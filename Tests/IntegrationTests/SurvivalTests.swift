import Foundation
import Testing

/// Jobs that have to leave, give way or go on with less: their models are those of undisturbed ones.
@Suite(.serialized) struct SurvivalTests {
    @Test func `a short chaos changes no model`() throws {
        try withTemporaryFolder { folder in
            // One seed for each algorithm; a failure prints its own.
            let outcome = try Program.run(
                "lockstep-bench", ["chaos", "--runs", "2", "--seed", "4711"], in: folder, seconds: 400)
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
            #expect(outcome.output.contains("all models equal"), "\(outcome.output)")
        }
    }

    /// Where scripts/setup puts an MPI with ULFM.
    private static let ulfm = Program.packageRoot.appendingPathComponent(".venv-ulfm").path

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: ulfm + "/bin/mpirun"),
            "no Open MPI 5 in .venv-ulfm: run scripts/setup --tests"))
    func `where the MPI can, survivors of a rank go on in place`() throws {
        try withTemporaryFolder { folder in
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            let outcome = try Program.run(
                "lockstep-bench", ["recovery", "rank", "--count", "3"], in: folder,
                environment: ["PATH": "\(Self.ulfm)/bin:\(path)", "LD_LIBRARY_PATH": Self.ulfm + "/lib"],
                seconds: 200)
            #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
            #expect(outcome.output.contains("3 in place; 0 steps lost"), "\(outcome.output)")
            #expect(outcome.output.contains("the model is that of the undisturbed run"), "\(outcome.output)")
        }
    }

    @Test func `a job of higher priority takes the slots, and both end well`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 2, in: folder) { cluster in
                let reference = try Self.undisturbed(cluster, folder)
                try Self.submit("low", folder, cluster, delay: 60, ["LOCKSTEP_PREEMPTIBLE": "true"])
                try Self.reach(step: 5, of: "low", cluster)
                try Self.submit("high", folder, cluster, delay: 1, ["LOCKSTEP_PRIORITY": "5"])
                try Self.reach(step: 1, of: "high", cluster)
                #expect(try cluster.describe("low")["TrainingJobStatus"] as? String == "InProgress")
                for name in ["high", "low"] {
                    #expect(try cluster.finished(name)["ModelHash"] as? String == reference)
                }
                let attempts = try cluster.describe("low")["Attempts"] as? [[String: Any]] ?? []
                #expect(attempts.first?["Outcome"] as? String == "made room for high")
                #expect(attempts.count == 2)
                #expect(attempts[1]["FirstStep"] as? Int == attempts[0]["LastStep"] as? Int, "no step twice")
            }
        }
    }

    @Test func `a spot notice releases its worker, and the job grows again when it is withdrawn`() throws {
        try withTemporaryFolder { folder in
            try LocalCluster.run(workers: 1, in: folder) { cluster in
                let notice = folder.appendingPathComponent("notice")
                let options = ["--spot-notice-file", notice.path, "--spot-notice-interval", "0.1"]
                try cluster.startWorker("other", options: options)
                try #require(
                    RunningProgram.eventually(seconds: 20) { try cluster.state(of: "other") == "ready" })
                let reference = try Self.undisturbed(cluster, folder)
                try Self.submit("job", folder, cluster, delay: 150, ["LOCKSTEP_MIN_INSTANCE_COUNT": "1"])
                try Self.reach(step: 4, of: "job", cluster)
                try "going".write(to: notice, atomically: true, encoding: .utf8)
                try #require(
                    RunningProgram.eventually(seconds: 20) { try cluster.state(of: "other") == "drained" })
                try FileManager.default.removeItem(at: notice)
                #expect(try cluster.finished("job")["ModelHash"] as? String == reference)
                let attempts = try cluster.describe("job")["Attempts"] as? [[String: Any]] ?? []
                let worlds = attempts.map { ($0["Workers"] as? [String])?.count ?? 0 }
                #expect(worlds.starts(with: [2, 1]), "\(attempts)")
                for (one, next) in zip(attempts, attempts.dropFirst()) {
                    #expect(
                        next["FirstStep"] as? Int == one["LastStep"] as? Int, "no step twice: \(attempts)")
                }
            }
        }
    }

    private static func undisturbed(_ cluster: LocalCluster, _ folder: URL) throws -> String? {
        try submit("undisturbed", folder, cluster, delay: 0, [:])
        return try cluster.finished("undisturbed")["ModelHash"] as? String
    }

    private static func submit(
        _ name: String, _ folder: URL, _ cluster: LocalCluster, delay: Int, _ environment: [String: String]
    ) throws {
        var job = SampleJob.linearLearner(.dense, name: name)
        job.instanceCount = 2
        job.hyperparameters["checkpoint_interval_seconds"] = "600"
        job.environment = environment
        job.environment["LOCKSTEP_STEP_DELAY_MS"] = "\(delay)"
        let outcome = try cluster.lockstep(["submit", try job.write(to: folder).path])
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
    }

    private static func reach(step: Int, of job: String, _ cluster: LocalCluster) throws {
        try #require(
            RunningProgram.eventually(seconds: 40) {
                let info = try cluster.describe(job)["ProgressInfo"] as? [String: Any]
                return info?["CurrentStep"] as? Int ?? 0 >= step
            }, "\(job) did not reach step \(step)")
    }
}

extension LocalCluster {
    /// State of a worker as `workers list` has it.
    func state(of worker: String) throws -> String? {
        let outcome = try lockstep(["workers", "list", "--output", "json"])
        let answer = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        let workers = answer?["Workers"] as? [[String: Any]] ?? []
        return workers.first { $0["WorkerName"] as? String == worker }?["State"] as? String
    }
}
