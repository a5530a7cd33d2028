import Checkpoints
import Diagnostics
import Foundation
import JobSpecs
import Testing
import Training

/// `verify` has nothing to say against any history that nobody has touched.
@Suite struct HistoryTests {
    private func hot(_ folder: String) -> @Sendable (Int) -> RankSetting {
        { RankSetting(worker: "w\($0)", hotStateFolder: "\(folder)/hot/node-\($0)") }
    }

    private func expectGood(_ job: ToyJob, _ comment: String) throws {
        let verification = try job.verify()
        #expect(verification.isGood, "\(comment): \(verification.problems)")
    }

    @Test func `jobs that share their checkpoints, one after the other`() throws {
        try withTemporaryFolder { folder in
            let calm = ToyJob(folder: folder, name: "calm")
            _ = try calm.modelHash()
            var jobs = ["stopped", "resumed", "again", "last"].map { name in
                var job = ToyJob(folder: folder, name: name)
                job.checkpoints = folder + "/stopped/checkpoints"
                job.hyperparameters["checkpoint_interval_steps"] = "2"
                job.hyperparameters["checkpoints_kept"] = "20"
                return job
            }
            jobs[0].checkpoints = nil
            for (job, stop) in zip(jobs, [5, 8, 12, nil]) {
                _ = try job.run(ranks: stop == 8 ? 3 : 1, stopAfter: stop)
                for earlier in jobs
                where FileManager.default.fileExists(
                    atPath: try earlier.locations.historyFolder)
                {
                    try expectGood(earlier, "\(earlier.name) after \(job.name)")
                }
            }
            // By its folder alone, where the checkpoints are not.
            let verifier = JobVerifier(.init(jobFolder: folder + "/last"))
            let verification = try verifier.verify()
            #expect(verification.isGood && verification.firstStep == 13, "\(verification.problems)")
            #expect(verification.proof.missing.contains { $0.contains("before step 13") })
            let comparison = try JobVerifier(jobs[3].locations).compare(with: JobVerifier(calm.locations))
            #expect(comparison.isEqual && comparison.comparedCommits == 3, "\(comparison.verdict)")
        }
    }

    @Test func `a job that goes on from a last step takes none`() throws {
        try withTemporaryFolder { folder in
            let hash = try ToyJob(folder: folder, name: "first").modelHash()
            var second = ToyJob(folder: folder, name: "second")
            second.checkpoints = folder + "/first/checkpoints"
            #expect(try second.run(ranks: 2).outcome == .completed(modelHash: hash))
            try expectGood(second, "second")
            try expectGood(ToyJob(folder: folder, name: "first"), "first")
        }
    }

    @Test func `deaths at the first step, in the middle and twice in one place`() throws {
        try withTemporaryFolder { folder in
            var job = ToyJob(folder: folder)
            job.hyperparameters["checkpoint_interval_steps"] = "1000000"
            for (ranks, step) in [(2, 0), (3, 0), (2, 7), (1, 7), (4, 9)] {
                #expect(throws: (any Error).self) {
                    try job.run(ranks: ranks, death: (0, step), setting: hot(folder))
                }
                try expectGood(job, "dead at \(step)")
            }
            #expect(try job.run(ranks: 2, stopAfter: 11, setting: hot(folder)).outcome == .stopped(step: 11))
            try expectGood(job, "stopped")
            let end1 = try job.run(ranks: 5, setting: hot(folder))
            #expect(end1.outcome.isCompleted)
            try expectGood(job, "completed")
            let end2 = try job.run(ranks: 1)
            #expect(end2.outcome.isCompleted)
            try expectGood(job, "completed again")
        }
    }

    @Test func `a history that was lost and a checkpoint that was set aside`() throws {
        try withTemporaryFolder { folder in
            var job = ToyJob(folder: folder)
            job.hyperparameters["checkpoints_kept"] = "9"
            _ = try job.run(stopAfter: 3)
            _ = try job.run(stopAfter: 5)
            try FileManager.default.removeItem(atPath: job.locations.historyFolder + "/chain.bin")
            _ = try job.run(ranks: 2, stopAfter: 7)
            try expectGood(job, "history lost")
            let end3 = try job.run()
            #expect(end3.outcome.isCompleted)
            try expectGood(job, "completed")
        }
    }
}
