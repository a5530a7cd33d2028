import Checkpoints
import Diagnostics
import Foundation
import SageMakerShapes
import Testing

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
}
