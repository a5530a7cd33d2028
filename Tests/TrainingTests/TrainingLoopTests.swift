import Checkpoints
import Diagnostics
import Foundation
import JobSpecs
import Tensors
import Testing
import Training

/// One model, whatever world trains it and however often it is interrupted.
@Suite struct TrainingLoopTests {
    struct Form: Sendable, CustomTestStringConvertible {
        let name: String
        let count: Int
        let sparse: Bool
        var testDescription: String { name }

        func job(_ folder: String, _ name: String) -> ToyJob {
            var job = ToyJob(folder: folder, name: name)
            job.train = .made(count: count, columns: 5, sparse: sparse, seed: 1)
            job.validation = .made(count: 17, columns: 5, sparse: sparse, seed: 2)
            job.hyperparameters["mini_batch_size"] = count < 13 ? "4" : "34"
            return job
        }
    }
    static let forms = [
        Form(name: "dense, uneven shards", count: 101, sparse: false),
        Form(name: "sparse, uneven shards", count: 101, sparse: true),
        Form(name: "dense, fewer records than shards", count: 9, sparse: false),
        Form(name: "sparse, fewer records than shards", count: 9, sparse: true),
    ]

    @Test(arguments: forms)
    func `ranks and threads do not change the model`(_ form: Form) throws {
        try withTemporaryFolder { folder in
            var hashes: [String: String] = [:]
            for ranks in [1, 2, 3, 5] {
                for threads in [1, 2] {
                    let job = form.job(folder, "n\(ranks)t\(threads)")
                    hashes["\(ranks)×\(threads)"] = try job.modelHash(ranks: ranks, threads: threads)
                }
            }
            #expect(Set(hashes.values).count == 1, "\(hashes)")
        }
    }

    @Test(arguments: forms, [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (5, 1), (5, 2)])
    func `a stop at any step and another world change nothing`(_ form: Form, _ world: (Int, Int)) throws {
        try withTemporaryFolder { folder in
            let calm = try form.job(folder, "calm").modelHash()
            let steps = try form.job(folder, "calm").store.steps()
            let stepCount = try #require(steps.last)
            #expect(stepCount >= 6)
            for step in 1..<stepCount {
                let job = form.job(folder, "stopped-\(step)")
                let stopped = try job.run(
                    ranks: world.0, threads: world.1, stopAfter: step, stopRank: world.0 - 1)
                #expect(stopped.outcome == .stopped(step: step))
                let resumed = try job.run(ranks: world.0 % 3 + 1, threads: world.1 % 2 + 1)
                #expect(resumed.outcome == .completed(modelHash: calm))
                #expect(resumed.lines.contains("Resuming from the checkpoint of step \(step)"))
            }
        }
    }

    @Test func `another seed gives another model`() throws {
        try withTemporaryFolder { folder in
            var other = ToyJob(folder: folder, name: "other")
            other.hyperparameters["seed"] = "1"
            let (hash, usual) = (try other.modelHash(), try ToyJob(folder: folder).modelHash())
            #expect(hash != usual)
        }
    }

    @Test func `another number of shards gives another model`() throws {
        try withTemporaryFolder { folder in
            var other = ToyJob(folder: folder, name: "other")
            other.hyperparameters["logical_shards"] = "12"
            let (hash, usual) = (try other.modelHash(), try ToyJob(folder: folder).modelHash())
            #expect(hash != usual)
        }
    }

    @Test func `a finished job says its hash again and does nothing`() throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            let hash = try job.modelHash()
            let before = try FileManager.default.attributesOfItem(atPath: job.locations.modelArtifact)
            let again = try job.run(ranks: 2)
            #expect(again.outcome == .completed(modelHash: hash))
            #expect(again.lines.contains("model-hash: \(hash)"))
            #expect(again.lines.contains { $0.contains("finished already") })
            let after = try FileManager.default.attributesOfItem(atPath: job.locations.modelArtifact)
            #expect(before[.modificationDate] as? Date == after[.modificationDate] as? Date)
        }
    }

    @Test func `a finished job with other settings is a conflict`() throws {
        try withTemporaryFolder { folder in
            _ = try ToyJob(folder: folder).modelHash()
            var other = ToyJob(folder: folder)
            other.hyperparameters["epochs"] = "4"
            let error = #expect(throws: LockstepError.self) { try other.run() }
            #expect(error?.code == .conflict)
            #expect(
                error?.message.contains("hyperparameter epochs is 4 now and was 3") == true, "\(error as Any)"
            )
        }
    }

    @Test func `the model file is the same bytes for every world`() throws {
        try withTemporaryFolder { folder in
            var files: Set<Data> = []
            for ranks in [1, 3] {
                let job = ToyJob(folder: folder + "/\(ranks)")
                _ = try job.modelHash(ranks: ranks)
                files.insert(try Data(contentsOf: URL(fileURLWithPath: job.locations.modelArtifact)))
            }
            #expect(files.count == 1)
        }
    }

    @Test func `a checkpoint of another BLAS core type is refused`() throws {
        try withTemporaryFolder { folder in
            _ = try ToyJob(folder: folder).run(stopAfter: 3)
            var other = ToyJob(folder: folder)
            other.coreType = "SkylakeX"
            let error = #expect(throws: LockstepError.self) { try other.run(ranks: 2) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("blas_core_type is SkylakeX now and was Haswell") == true)
        }
    }

    @Test func `too few shards are refused with the numbers`() throws {
        try withTemporaryFolder { folder in
            var job = ToyJob(folder: folder)
            job.hyperparameters["logical_shards"] = "4"
            let error = #expect(throws: LockstepError.self) { try job.run(ranks: 3, threads: 2) }
            #expect(error?.code == .configuration)
            #expect(
                error?.message.contains("logical_shards is 4, but 3 ranks × 2 threads need at least 6")
                    == true)
        }
    }

    @Test func `the log has SageMaker's lines`() throws {
        try withTemporaryFolder { folder in
            let lines = try ToyJob(folder: folder).run(ranks: 2).lines
            for pattern in [
                #"^#quality_metric: host=algo-1, epoch=0, train objective_loss <loss>=[0-9.e-]+$"#,
                #"^#quality_metric: host=algo-1, validation objective_loss <loss>=[0-9.e-]+$"#,
                #"^#progress_metric: host=algo-1, completed 100\.0 % of epochs$"#,
                #"^#throughput_metric: host=algo-1, train throughput=[0-9.e+]+ records/second$"#,
                #"^#metrics \{"Dimensions":\{.*"epoch":"0".*\}.*"update\.time".*\}$"#,
                #"^model-hash: [0-9a-f]{64}$"#,
            ] {
                let expression = try Regex(pattern)
                #expect(lines.contains { $0.contains(expression) }, "\(pattern) in \(lines)")
            }
        }
    }
}
