import Checkpoints
import Diagnostics
import Foundation
import Synchronization
import Testing
import Training

/// One folder of checkpoints, several jobs.
@Suite struct CheckpointLockTests {
    private func job(_ folder: String, _ name: String, seed: String = "0") -> ToyJob {
        var job = ToyJob(folder: folder, name: name)
        job.checkpoints = folder + "/shared"
        job.hyperparameters["seed"] = seed
        return job
    }

    @Test func `a job of other mathematics is refused while the first one trains`() throws {
        try withTemporaryFolder { folder in
            var first = job(folder, "first")
            first.hyperparameters["checkpoint_interval_steps"] = "1000000"
            let other = job(folder, "other", seed: "9")
            let refusals = Mutex<[LockstepError]>([])
            let end = try first.run(
                ranks: 2,
                stepBegan: { step in
                    guard step == 4 else { return }
                    let error = #expect(throws: LockstepError.self) { try other.run() }
                    if let error { refusals.withLock { $0.append(error) } }
                })
            #expect(end.outcome.isCompleted && end.warnings.isEmpty, "\(end.warnings)")
            let error = refusals.withLock { $0.first }
            #expect(error?.code == .conflict)
            let message = error?.message ?? ""
            #expect(message.contains("/shared holds the checkpoints of job first"), "\(message)")
            #expect(message.contains("hyperparameter seed is 9 now and was 0"), "\(message)")
            #expect(message.contains("CheckpointConfig.S3Uri"), "\(message)")
            #expect(try first.checkpointSteps() == [15])
            // Nor afterwards: the checkpoints are the first one's.
            let later = #expect(throws: LockstepError.self) { try other.run() }
            #expect(later?.code == .conflict)
            #expect(try first.checkpointSteps() == [15] && first.verify().isGood)
        }
    }

    @Test func `a dead owner that left nothing is in nobody's way`() throws {
        try withTemporaryFolder { folder in
            var dead = job(folder, "dead")
            dead.hyperparameters["checkpoint_interval_steps"] = "1000000"
            #expect(throws: (any Error).self) { try dead.run(ranks: 2, death: (1, 3)) }
            let end1 = try job(folder, "heir", seed: "9").run(ranks: 2)
            #expect(end1.outcome.isCompleted)
        }
    }

    @Test func `a job takes over what is its own, and the attempt before writes no more`() throws {
        try withTemporaryFolder { folder in
            func owner(_ attempt: Int) -> FolderOwner {
                FolderOwner(
                    job: "a", jobFolder: folder + "/a", attempt: attempt, identity: JobIdentity(["x": "1"]))
            }
            let shared = folder + "/shared"
            let old = try CheckpointLock(folder: shared, owner: owner(1))
            try old.requireOwnership()
            let new = try CheckpointLock(folder: shared, owner: owner(2))
            try new.requireOwnership()
            let error = #expect(throws: LockstepError.self) { try old.requireOwnership() }
            #expect(error?.message.contains("attempt 2 of job a has taken over") == true)
        }
    }

    @Test func `another job that does the same goes on when the first is over`() throws {
        try withTemporaryFolder { folder in
            let calm = try ToyJob(folder: folder, name: "calm").modelHash()
            _ = try job(folder, "first").run(stopAfter: 6)
            #expect(try job(folder, "second").run(ranks: 2, stopAfter: 9).outcome == .stopped(step: 9))
            #expect(try job(folder, "third").run().outcome == .completed(modelHash: calm))
        }
    }

    @Test(arguments: ["", "/toy", "/toy/output", "/toy/history"])
    func `an output that is a file is the user's to change`(_ file: String) throws {
        try withTemporaryFolder { folder in
            let output = folder + "/out"
            let place = URL(fileURLWithPath: output + file)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: place)
            let error = #expect(throws: LockstepError.self) { try ToyJob(folder: output).run(ranks: 2) }
            #expect(error?.code == .configuration, "\(error as Any)")
            #expect(error?.message.contains("OutputDataConfig.S3OutputPath") == true)
            #expect(error?.message.contains("\(place.path) is no folder") == true, "\(error as Any)")
        }
    }
}
