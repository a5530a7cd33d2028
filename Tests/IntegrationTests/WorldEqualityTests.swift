import Foundation
import Testing

/// One job, one model, whatever world trains it.
@Suite(.serialized) struct WorldEqualityTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let algorithm: String
        let form: SampleJob.Form
        var testDescription: String { "\(algorithm), \(form)" }

        func job(_ name: String) -> SampleJob {
            algorithm == "kmeans" ? .kmeans(form, name: name) : .linearLearner(form, name: name)
        }
    }
    static let cases = ["linear-learner", "kmeans"].flatMap { algorithm in
        SampleJob.Form.allCases.map { Case(algorithm: algorithm, form: $0) }
    }

    @Test(arguments: cases)
    func `ranks and threads do not change the model`(_ test: Case) throws {
        try withTemporaryFolder { folder in
            var hashes: [String: String] = [:]
            for (ranks, threads) in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2)] {
                let job = try test.job("n\(ranks)t\(threads)").write(to: folder)
                let outcome = try Program.train(job, ranks: ranks, threads: threads)
                #expect(outcome.status == 0, "\(ranks) ranks, \(threads) threads: \(outcome.error)")
                let hash = try #require(outcome.modelHash, "\(outcome.output)")
                hashes["\(ranks)×\(threads)"] = hash
            }
            #expect(Set(hashes.values).count == 1, "\(hashes)")
        }
    }

    @Test(arguments: cases)
    func `an interrupted job resumes on another number of ranks`(_ test: Case) throws {
        try withTemporaryFolder { folder in
            let calm = try Program.train(try test.job("calm").write(to: folder), ranks: 2)
            let expected = try #require(calm.modelHash, "\(calm.error)")

            var disturbed = test.job("disturbed")
            disturbed.environment["LOCKSTEP_STEP_DELAY_MS"] = "30"
            let file = try disturbed.write(to: folder)
            let running = try Program.start(
                "mpirun", ["-n", "3", "--bind-to", "none", Program.path("lockstep-train"), file.path],
                in: folder)
            let checkpoints = folder.appendingPathComponent("output/disturbed")
            try #require(
                RunningProgram.eventually(seconds: 20) {
                    FileManager.default.fileExists(atPath: checkpoints.path)
                        || !running.process.isRunning
                }, "\(running.error)")
            try #require(
                RunningProgram.eventually(seconds: 20) { running.output.contains("#progress_metric") },
                "\(running.output) \(running.error)")
            // mpirun passes SIGUSR1 on to the ranks, which commit and leave.
            kill(running.process.processIdentifier, SIGUSR1)
            let stopped = running.wait()
            #expect(stopped.status != 0, "\(stopped.output) \(stopped.error)")
            #expect(stopped.modelHash == nil)

            let resumed = try Program.train(file, ranks: 2, threads: 2)
            #expect(resumed.modelHash == expected, "\(resumed.output) \(resumed.error)")
            #expect(
                resumed.output.contains("Resuming from the checkpoint of step"),
                "\(resumed.output) \(resumed.error)")
        }
    }

    @Test(arguments: cases)
    func `fewer records than logical shards`(_ test: Case) throws {
        try withTemporaryFolder { folder in
            var hashes: Set<String?> = []
            for ranks in [1, 3] {
                var job = test.job("few\(ranks)")
                job.records = 11
                job.files = 2
                job.hyperparameters["logical_shards"] = "32"
                if job.algorithm == "kmeans" { job.hyperparameters["k"] = "2" }
                let outcome = try Program.train(try job.write(to: folder), ranks: ranks, threads: 2)
                #expect(outcome.status == 0, "\(outcome.error)")
                hashes.insert(outcome.modelHash)
            }
            #expect(hashes.count == 1 && !hashes.contains(nil), "\(hashes)")
        }
    }
}
