import Checkpoints
import Diagnostics
import Foundation
import JobSpecs
import Tensors
import Testing
import Training

/// Checkpoints of a toy job that was stopped after 5 of its 15 steps, one a step.
@Suite struct CheckpointStoreTests {
    /// A job with checkpoints of steps 3, 4 and 5, and the hash of its undisturbed run.
    private func withStoppedJob(_ body: (ToyJob, String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let calm = try ToyJob(folder: folder + "/calm").modelHash()
            var job = ToyJob(folder: folder)
            job.hyperparameters["checkpoints_kept"] = "4"
            for step in 3...5 { _ = try job.run(ranks: 2, stopAfter: step) }
            let steps = try job.checkpointSteps()
            try #require(steps == [3, 4, 5])
            try body(job, calm)
        }
    }

    private func flip(_ path: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[offset < 0 ? bytes.count + offset : offset] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    @Test(arguments: ["state.safetensors", "checkpoint.json", "chain.bin", "SHA256SUMS"], [0, 40, -2])
    func `a damaged file sets the checkpoint aside and the one before is used`(
        _ file: String, _ offset: Int
    ) throws {
        try withStoppedJob { job, calm in
            let path = try job.store.path(step: 5)
            try flip(path + "/" + file, at: offset)
            let resumed = try job.run(ranks: 3)
            #expect(resumed.outcome == .completed(modelHash: calm))
            #expect(resumed.lines.contains("Resuming from the checkpoint of step 4"))
            let warning = try #require(resumed.warnings.first)
            #expect(warning.contains(path) && warning.contains(path + ".damaged"), "\(warning)")
            #expect(FileManager.default.fileExists(atPath: path + ".damaged/" + file))
            let setAside = try job.store.setAside()
            #expect(setAside == [path + ".damaged"])
        }
    }

    @Test func `a missing file sets the checkpoint aside`() throws {
        try withStoppedJob { job, calm in
            try FileManager.default.removeItem(atPath: job.store.path(step: 5) + "/chain.bin")
            let resumed = try job.run()
            #expect(resumed.outcome == .completed(modelHash: calm))
            #expect(resumed.warnings.first?.contains("chain.bin is missing") == true)
        }
    }

    @Test func `with every checkpoint damaged the job begins again`() throws {
        try withStoppedJob { job, calm in
            for step in 3...5 { try flip(job.store.path(step: step) + "/state.safetensors", at: 9) }
            let resumed = try job.run()
            #expect(resumed.outcome == .completed(modelHash: calm))
            #expect(resumed.warnings.count == 3)
            let verification = try JobVerifier(job.locations).verify()
            #expect(verification.isGood)
        }
    }

    @Test func `what an interrupted write left behind is passed over`() throws {
        try withStoppedJob { job, calm in
            let torn = try job.store.folder + "/.writing-6"
            try FileManager.default.createDirectory(atPath: torn, withIntermediateDirectories: true)
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: torn + "/state.safetensors"))
            let resumed = try job.run()
            #expect(resumed.outcome == .completed(modelHash: calm))
            #expect(resumed.lines.contains("Resuming from the checkpoint of step 5"))
            #expect(resumed.warnings.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: torn))
        }
    }

    @Test func `only the newest checkpoints are kept`() throws {
        try withStoppedJob { job, _ in
            _ = try job.run(stopAfter: 6)
            _ = try job.run(stopAfter: 7)
            let kept = try job.checkpointSteps()
            #expect(kept == [4, 5, 6, 7])
        }
    }

    @Test func `a lost history is begun anew and the job goes on`() throws {
        try withStoppedJob { job, calm in
            try FileManager.default.removeItem(atPath: job.locations.historyFolder + "/chain.bin")
            #expect(try job.modelHash() == calm)
            let verification = try JobVerifier(job.locations).verify()
            #expect(verification.firstStep == 6)
        }
    }

    @Test func `a history that does not fit is set aside`() throws {
        try withStoppedJob { job, calm in
            let path = try job.locations.historyFolder + "/chain.bin"
            try flip(path, at: 64 + 2 * 32 + 17)
            let resumed = try job.run()
            #expect(resumed.outcome == .completed(modelHash: calm))
            #expect(resumed.warnings.first?.contains(path + ".damaged") == true, "\(resumed.warnings)")
        }
    }

    @Test func `another seed is another job`() throws {
        try withStoppedJob { job, _ in
            var other = job
            other.hyperparameters["seed"] = "9"
            let error = #expect(throws: LockstepError.self) { try other.run(ranks: 2) }
            #expect(error?.code == .conflict)
            #expect(error?.message.contains("hyperparameter seed is 9 now and was 0") == true)
            let kept = try job.checkpointSteps()
            #expect(kept == [3, 4, 5])
        }
    }

    @Test func `other checkpoint intervals are the same job`() throws {
        try withStoppedJob { job, calm in
            var other = job
            other.hyperparameters["checkpoint_interval_steps"] = "2"
            let hash = try other.modelHash()
            #expect(hash == calm)
        }
    }
}
