import Checkpoints
import ClusterTypes
import Diagnostics
import Foundation
import JobSpecs
import Storage
import Testing

/// What binds the archives of a script or an MPI program.
@Suite struct ProgramVerifierTests {
    private static let request = Checksum.sha256([UInt8]("{}".utf8))
    private static let seed = [UInt8](repeating: 7, count: 32)

    /// A finished job's folder, signed; and its locations.
    private func withJob(_ body: (String, JobLocations, ClusterKey) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let locations = JobLocations(jobFolder: folder + "/job")
            let output = folder + "/job/output"
            try FileSystem.createFolder(output)
            try AtomicFile.write([1, 2, 3], to: locations.modelArtifact)
            try AtomicFile.write([4], to: output + "/output.tar.gz")
            let certificate = try ProgramCertificate(
                AttemptID(job: JobName("job"), number: 2), kind: "script", requestDigest: Self.request,
                model: locations.modelArtifact, output: output + "/output.tar.gz")
            try certificate.write(beside: locations.modelArtifact)
            let key = try #require(ClusterKey(seed: Self.seed))
            let bytes = try AtomicFile.read(output + "/certificate.json")
            let signature = try CertificateSignature(
                job: "job", attempt: 2, worker: "w", requestDigest: Self.request, certificate: bytes,
                key: key)
            try AtomicFile.write(try signature.encoded(), to: output + "/certificate.sig")
            try body(output, locations, key)
        }
    }

    @Test func `what is as it was is proved with the key, and claimed without`() throws {
        try withJob { _, locations, key in
            let proved = ProgramVerifier(locations, key: key.publicKey, mustBeSigned: true).verify()
            #expect(proved.isGood && proved.proof.standing == .signed, "\(proved.problems)")
            #expect(proved.proof.proved.count == 1 && proved.modelHash == Checksum.sha256([1, 2, 3]))
            let claimed = ProgramVerifier(locations).verify()
            #expect(claimed.isGood && claimed.proof.standing == .signedByUnknownKey)
            let other = try #require(ClusterKey(seed: [UInt8](repeating: 8, count: 32)))
            #expect(!ProgramVerifier(locations, key: other.publicKey, mustBeSigned: true).verify().isGood)
        }
    }

    @Test(arguments: ["model.tar.gz", "output.tar.gz", "certificate.json", "certificate.sig"])
    func `a file that was changed or removed is named`(_ name: String) throws {
        for isRemoved in [true, false] {
            try withJob { output, locations, key in
                let path = "\(output)/\(name)"
                if isRemoved { try FileSystem.remove(path) } else { try AtomicFile.write([9], to: path) }
                let found = ProgramVerifier(locations, key: key.publicKey, mustBeSigned: true).verify()
                #expect(found.problems.contains { $0.contains(name) }, "\(name) \(found.problems)")
                #expect(found.modelHash == nil)
            }
        }
    }

    @Test func `a certificate of another job, and a job without one, say so`() throws {
        try withJob { output, locations, key in
            let folder = FileSystem.parent(of: FileSystem.parent(of: output) ?? "") ?? ""
            try FileSystem.rename(folder + "/job", to: folder + "/copy")
            let copy = JobLocations(jobFolder: folder + "/copy")
            #expect(
                ProgramVerifier(copy, key: key.publicKey).verify().problems == [
                    "\(folder)/copy/output/certificate.json is of job job, but the folder is of copy"
                ])
            try ProgramCertificate.remove(beside: copy.modelArtifact)
            let bare = ProgramVerifier(copy, key: key.publicKey).verify()
            #expect(bare.isGood && bare.proof.standing == .none && !bare.proof.missing.isEmpty)
        }
    }
}
