import Checkpoints
import Diagnostics
import Foundation
import JobSpecs
import Testing
import Training

@Suite struct JobVerifierTests {
    private func flip(_ path: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[offset] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    @Test func `an interrupted job equals the undisturbed one, step by step`() throws {
        try withTemporaryFolder { folder in
            let calm = ToyJob(folder: folder, name: "calm")
            _ = try calm.modelHash(ranks: 2)
            let disturbed = ToyJob(folder: folder, name: "disturbed")
            _ = try disturbed.run(ranks: 3, stopAfter: 4)
            _ = try disturbed.run(ranks: 1, stopAfter: 9)
            _ = try disturbed.run(ranks: 2)
            let comparison = try JobVerifier(calm.locations).compare(with: JobVerifier(disturbed.locations))
            #expect(comparison.isEqual, "\(comparison)")
            #expect(comparison.comparedCommits == 16)
            #expect(comparison.second.worlds == [3, 1, 2])
            #expect(comparison.first.chainDigest == comparison.second.chainDigest)
            let attempts = try AttemptLine.all(in: disturbed.locations.historyFolder)
            #expect(attempts.map(\.firstStep) == [0, 4, 9])
            #expect(attempts.map(\.world) == [3, 1, 2])
        }
    }

    @Test func `the first step that differs is named`() throws {
        try withTemporaryFolder { folder in
            let one = ToyJob(folder: folder, name: "one")
            var other = ToyJob(folder: folder, name: "other")
            other.hyperparameters["seed"] = "5"
            _ = try (one.modelHash(), other.modelHash())
            let comparison = try JobVerifier(one.locations).compare(with: JobVerifier(other.locations))
            #expect(!comparison.isEqual)
            #expect(comparison.firstDifferingStep == 0)
        }
    }

    @Test func `a job that goes on longer differs at the end only`() throws {
        try withTemporaryFolder { folder in
            let one = ToyJob(folder: folder, name: "one")
            var longer = ToyJob(folder: folder, name: "longer")
            longer.hyperparameters["epochs"] = "4"
            _ = try (one.modelHash(), longer.modelHash())
            let comparison = try JobVerifier(one.locations).compare(with: JobVerifier(longer.locations))
            #expect(!comparison.isEqual)
            #expect(comparison.firstDifferingStep == nil && comparison.comparedCommits == 16)
        }
    }

    @Test(arguments: [
        "output/model.tar.gz", "checkpoints/step-000000000015/state.safetensors",
        "checkpoints/step-000000000015/chain.bin", "checkpoints/step-000000000015/checkpoint.json",
        "history/chain.bin",
    ])
    func `a flipped byte anywhere is found`(_ file: String) throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            _ = try job.modelHash()
            #expect(try job.verify().isGood)
            let path = try job.locations.jobFolder + "/" + file
            let model = try job.locations.modelArtifact
            let original = try ModelArtifact(reading: model)
            let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
            let offsets = file == "output/model.tar.gz" ? Array(10..<size) : Array(0..<size)
            for offset in offsets where offset % 7 == 0 || offset == size - 1 {
                try flip(path, at: offset)
                let verification = try job.verify()
                // Another deflate stream may hold the same bytes: then nothing is damaged.
                let isSame = try verification.isGood && ModelArtifact(reading: model) == original
                #expect(
                    !verification.isGood || Self.isInformation(file, offset)
                        || (file.hasSuffix(".gz") && isSame), "byte \(offset) of \(size)")
                try flip(path, at: offset)
            }
            #expect(try job.verify().isGood)
        }
    }

    /// The history's world sizes are told for information; no digest covers them.
    private static func isInformation(_ file: String, _ offset: Int) -> Bool {
        file == "history/chain.bin" && offset >= 64 && (offset - 64) % 32 >= 24
    }

    @Test func `an empty folder has nothing to verify`() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: LockstepError.self) {
                try JobVerifier(ToyJob(folder: folder).locations).verify()
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `the history tells who trained which steps`() throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            func setting(_ worker: String, _ attempt: Int) -> @Sendable (Int) -> RankSetting {
                { RankSetting(worker: "\(worker)\($0)", attempt: attempt) }
            }
            _ = try job.run(ranks: 3, stopAfter: 4, setting: setting("a", 1))
            _ = try job.run(ranks: 1, stopAfter: 9, setting: setting("b", 3))
            _ = try job.run(ranks: 2, setting: setting("c", 4))
            let attempts = try job.verify().attempts
            #expect(attempts.map(\.attempt) == [1, 3, 4])
            #expect(attempts.map(\.firstStep) == [1, 5, 10] && attempts.map(\.lastStep) == [4, 9, 15])
            #expect(attempts.map(\.workers) == [["a0", "a1", "a2"], ["b0"], ["c0", "c1"]])
            #expect(attempts.map(\.source) == ["start", "checkpoint", "checkpoint"])
            #expect(attempts.map(\.isInterrupted) == [true, true, false])
        }
    }

    @Test func `steps of an attempt that a later one took again do not count`() throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            _ = try job.run(ranks: 3, stopAfter: 4)
            _ = try job.run(ranks: 2, stopAfter: 9)
            // The newest checkpoints are lost: the third attempt begins again.
            try FileManager.default.removeItem(atPath: job.store.folder)
            _ = try job.run(ranks: 1)
            let attempts = try job.verify().attempts
            #expect(
                attempts.map(\.firstStep) == [nil, nil, 1] && attempts.map(\.lastStep) == [nil, nil, 15])
        }
    }

    @Test func `another world than the attempt's is a problem`() throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            _ = try job.run(ranks: 2)
            try flip(job.locations.historyFolder + "/chain.bin", at: 64 + 32 * 3 + 24)
            let problems = try job.verify().problems
            #expect(problems.contains { $0.contains("step 3 is said to be taken by 3 ranks") }, "\(problems)")
        }
    }

    /// A job whose batches are cut as `BatchPlan` cuts them.
    private func planned(_ folder: String) -> ToyJob {
        var job = ToyJob(folder: folder)
        job.train = .made(count: 100, columns: 5, sparse: false, seed: 1)
        return job
    }

    private func audit(_ job: ToyJob) throws -> RecordAudit? {
        let verifier = JobVerifier(try job.locations)
        let identity = try #require(try verifier.identity())
        // Of an algorithm of which nothing is known nothing is said.
        #expect(try RecordAudit(identity, verifier.history()) == nil)
        return RecordAudit(identity, try verifier.history(), planned: ["toy-regression"])
    }

    @Test func `each record is used exactly once an epoch`() throws {
        try withTemporaryFolder { folder in
            let job = planned(folder)
            _ = try job.run(ranks: 2, stopAfter: 4)
            _ = try job.run(ranks: 3)
            let audit = try #require(try audit(job))
            #expect(audit.problems.isEmpty, "\(audit.problems)")
            #expect(audit.records == 100 && audit.stepsPerEpoch == 5 && audit.comparedCommits == 15)
            #expect(audit.epochs == 3 && audit.recomputedEpochs == 3)
        }
    }

    @Test func `a commit that used other records than its batch is found`() throws {
        try withTemporaryFolder { folder in
            let job = planned(folder)
            _ = try job.modelHash()
            try flip(job.locations.historyFolder + "/chain.bin", at: 64 + 32 * 7 + 8)
            let problems = try audit(job)?.problems ?? []
            #expect(problems.contains { $0.contains("step 7 used") }, "\(problems)")
        }
    }

    @Test func `steps taken again give the commits of the history`() throws {
        try withTemporaryFolder { folder in
            let job = planned(folder)
            _ = try job.run(ranks: 2, stopAfter: 6)
            _ = try job.run(ranks: 1, stopAfter: 11)
            _ = try job.run(ranks: 2)
            let history = try JobVerifier(job.locations).history()
            for (steps, first) in [(8...10, 6), (2...3, 0), (12...15, 11)] {
                let (from, commits, model) = try job.replay(steps, ranks: 2)
                let isLast = steps.upperBound == 15
                #expect(try model == (isLast ? job.verify().modelHash : nil))
                #expect(from == first && commits.map(\.step) == Array(first + 1...steps.upperBound))
                for commit in commits {
                    #expect(commit.stateHash == history[commit.step]?.stateHash)
                    #expect(commit.samples == history[commit.step]?.samples)
                }
            }
            let identity = try #require(try JobVerifier(job.locations).identity())
            let other = JobIdentity(identity.fields.merging(["hyperparameter seed": "9"]) { $1 })
            let error = #expect(throws: LockstepError.self) {
                try job.replay(2...3, ranks: 1, identity: other)
            }
            #expect(error?.code == .conflict && error?.message.contains("seed") == true)
        }
    }
}
