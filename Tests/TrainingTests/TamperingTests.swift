import Checkpoints
import Diagnostics
import Foundation
import JobSpecs
import Storage
import Tensors
import Testing
import Training

/// Everything that somebody may do to a finished job's files, and what `verify` finds.
@Suite struct TamperingTests {
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Part of the finding.
        let says: String
        let act: @Sendable (Finished) throws -> Void
    }

    /// A finished job of three attempts with events, signed.
    struct Finished {
        let job: ToyJob
        let folder: String
        let key: ClusterKey
        var jobFolder: String { folder + "/toy" }
        func events(_ attempt: Int) -> String { "\(folder)/attempts/\(attempt)/events.jsonl" }

        func edit(_ path: String, _ change: (inout String) -> Void) throws {
            var text = try String(contentsOfFile: path, encoding: .utf8)
            change(&text)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }
        func pipe(_ path: String) throws {
            try remove(path)
            #expect(mkfifo(path, 0o600) == 0)
        }

        /// Another model with all its hashes right.
        func forge() throws {
            let path = try job.locations.modelArtifact
            let model = try ModelArtifact(reading: path)
            let tensors = InjectedFault.flipped(model.tensors)
            var description = model.description
            description.modelHash = tensors.sha256
            try ModelArtifact(tensors: tensors, description: description).write(to: path)
        }

        func certify() throws {
            try Certificate(
                job: "toy", modelPath: job.locations.modelArtifact, history: job.locations.historyFolder,
                eventFiles: [], program: "/proc/self/exe"
            ).write(beside: job.locations.modelArtifact, history: job.locations.historyFolder)
        }

        func repack(adding name: String) throws {
            let path = try job.locations.modelArtifact
            let archive = try TarArchive(
                decoding: GzipBytes.decompress(AtomicFile.read(path), source: path), source: path)
            let more = TarArchive(archive.entries + [.init(name: name, bytes: [1, 2, 3])])
            try AtomicFile.write(GzipBytes.compress(more.encoded()), to: path)
        }
    }

    static let tamperings: [Tampering] = [
        .init(testDescription: "a forged model", says: "model.tar.gz is not the file that") {
            try $0.forge()
        },
        .init(testDescription: "a forged model and certificate", says: "is not a signature of") {
            try $0.forge()
            try $0.certify()
        },
        .init(testDescription: "an extra file in the archive", says: "holds more than the model: evil.py") {
            try $0.repack(adding: "evil.py")
        },
        .init(testDescription: "a file twice in the archive", says: "a file twice") {
            try $0.repack(adding: "model.json")
        },
        .init(testDescription: "the model deleted", says: "model.tar.gz is missing") {
            try $0.remove($0.jobFolder + "/output/model.tar.gz")
        },
        .init(testDescription: "the output deleted", says: "model.tar.gz is missing") {
            try $0.remove($0.jobFolder + "/output")
        },
        .init(testDescription: "attempts edited", says: "attempts.jsonl is not as it was") {
            try $0.edit($0.jobFolder + "/history/attempts.jsonl") {
                $0 = $0.replacingOccurrences(of: "\"w1\"", with: "\"x1\"")
            }
        },
        .init(testDescription: "attempts cut", says: "attempts.jsonl is not as it was") {
            try $0.edit($0.jobFolder + "/history/attempts.jsonl") {
                $0 = $0.split(separator: "\n").dropLast().map { $0 + "\n" }.joined()
            }
        },
        .init(testDescription: "attempts deleted", says: "attempts.jsonl is missing") {
            try $0.remove($0.jobFolder + "/history/attempts.jsonl")
        },
        .init(testDescription: "events edited", says: "/1/events.jsonl is not as it was") {
            try $0.edit($0.events(1)) { $0 = $0.replacingOccurrences(of: "stopped", with: "stirred") }
        },
        .init(testDescription: "events cut by a line", says: "/3/events.jsonl is not as it was") {
            try $0.edit($0.events(3)) {
                $0 = $0.split(separator: "\n").dropLast().map { $0 + "\n" }.joined()
            }
        },
        .init(testDescription: "events deleted", says: "/2/events.jsonl is missing") {
            try $0.remove($0.events(2))
        },
        .init(testDescription: "the certificate edited", says: "differs from its copy") {
            try $0.edit($0.jobFolder + "/output/certificate.json") {
                $0 = $0.replacingOccurrences(of: "\"step\" : 15", with: "\"step\" : 14")
            }
        },
        .init(testDescription: "the certificate deleted", says: "certificate.json is missing") {
            try $0.remove($0.jobFolder + "/output/certificate.json")
        },
        .init(testDescription: "all certificates deleted", says: "no signature binds the model") {
            for folder in ["output", "history"] {
                try $0.remove($0.jobFolder + "/\(folder)/certificate.json")
            }
        },
        .init(testDescription: "the signature deleted", says: "is not signed") {
            try $0.remove($0.jobFolder + "/output/certificate.sig")
        },
        .init(testDescription: "the signature edited", says: "is not a signature of") {
            try $0.edit($0.jobFolder + "/output/certificate.sig") {
                $0 = $0.replacingOccurrences(of: "\"attempt\" : 3", with: "\"attempt\" : 1")
            }
        },
        .init(testDescription: "signed by somebody else", says: "which is not the cluster's key") {
            let bytes = try AtomicFile.read($0.jobFolder + "/output/certificate.json")
            let key = try #require(ClusterKey(seed: [UInt8](repeating: 9, count: 32)))
            try TamperingTests.sign($0.jobFolder, bytes, key)
        },
        .init(testDescription: "a state changed", says: "does not match its checksum") {
            try $0.edit($0.jobFolder + "/checkpoints/step-000000000015/checkpoint.json") { $0 += " " }
        },
        .init(testDescription: "the history deleted", says: "history/chain.bin is missing") {
            try $0.remove($0.jobFolder + "/history/chain.bin")
        },
        .init(testDescription: "the history cut", says: "history does not lead to") {
            let path = $0.jobFolder + "/history/chain.bin"
            try Data(try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(32))
                .write(to: URL(fileURLWithPath: path))
        },
    ]

    static func sign(_ jobFolder: String, _ certificate: [UInt8], _ key: ClusterKey) throws {
        let signature = try CertificateSignature(
            job: "toy", attempt: 3, worker: "w0", requestDigest: Checksum.sha256([1]),
            certificate: certificate, key: key)
        try AtomicFile.write(signature.encoded(), to: jobFolder + "/output/certificate.sig")
    }

    private func withFinishedJob(_ body: (Finished) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            for (attempt, stop) in [(1, 4), (2, 9), (3, nil)] {
                let events = "\(folder)/attempts/\(attempt)"
                _ = try job.run(
                    ranks: 2, stopAfter: stop,
                    setting: { RankSetting(worker: "w\($0)", attempt: attempt, attemptFolder: events) },
                    events: events)
            }
            let key = try #require(ClusterKey(seed: [UInt8](repeating: 7, count: 32)))
            let finished = Finished(job: job, folder: folder, key: key)
            let bytes = try AtomicFile.read(finished.jobFolder + "/output/certificate.json")
            try Self.sign(finished.jobFolder, bytes, key)
            let calm = try verify(finished)
            try #require(calm.isGood, "\(calm.problems)")
            #expect(calm.proof.standing == .signed && calm.proof.proved.count == 1, "\(calm.proof)")
            try body(finished)
        }
    }

    private func verify(_ finished: Finished) throws -> JobVerification {
        try JobVerifier(finished.job.locations, key: finished.key.publicKey, mustBeSigned: true).verify()
    }

    @Test(arguments: tamperings) func `what was tampered with is found`(_ tampering: Tampering) throws {
        try withFinishedJob { finished in
            try tampering.act(finished)
            let problems = try verify(finished).problems
            #expect(problems.contains { $0.contains(tampering.says) }, "\(problems)")
        }
    }

    @Test func `a pipe in place of any file is a finding, and nobody waits for it`() throws {
        try withFinishedJob { finished in
            let below = try FileManager.default.subpathsOfDirectory(atPath: finished.jobFolder)
            let names = below.filter { !$0.hasSuffix("owner.json") && !$0.hasSuffix(".owner.lock") }
            for name in names + ["../attempts/2/events.jsonl"] {
                let path = finished.jobFolder + "/" + name
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                if isFolder.boolValue { continue }
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                try finished.pipe(path)
                let problems = try verify(finished).problems
                #expect(problems.contains { $0.contains("is no plain file") }, "\(name): \(problems)")
                try finished.remove(path)
                try bytes.write(to: URL(fileURLWithPath: path))
            }
            #expect(try verify(finished).isGood)
        }
    }

    @Test func `an unsigned certificate is a claim, and a forgery with all hashes right fails its replay`()
        throws
    {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            let hash = try job.modelHash()
            let unsigned = try job.verify()
            #expect(unsigned.isGood && unsigned.proof.standing == .unsigned && unsigned.proof.proved.isEmpty)
            #expect(unsigned.proof.claimed.contains { $0.contains("unsigned") })
            let key = try #require(ClusterKey(seed: [UInt8](repeating: 7, count: 32)))
            let finished = Finished(job: job, folder: folder, key: key)
            try finished.forge()
            try finished.certify()
            #expect(try job.verify().isGood)
            let (_, commits, model) = try job.replay(15...15, ranks: 2)
            #expect(commits.last?.step == 15 && model == hash)
            #expect(try JobVerifier(job.locations).modelHash() != model)
        }
    }

    @Test func `attempts of a job that is not finished are bound by its checkpoints`() throws {
        try withTemporaryFolder { folder in
            let job = ToyJob(folder: folder)
            _ = try job.run(stopAfter: 4)
            _ = try job.run(ranks: 3, stopAfter: 9)
            let path = try job.locations.historyFolder + "/attempts.jsonl"
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            try (lines[0] + "\n").write(toFile: path, atomically: true, encoding: .utf8)
            let problems = try job.verify().problems
            #expect(problems.contains { $0.contains("attempts.jsonl is not as it was") }, "\(problems)")
        }
    }
}
