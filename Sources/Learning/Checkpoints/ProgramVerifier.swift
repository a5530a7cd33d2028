import Diagnostics
import Foundation
public import JobSpecs
public import Storage

/// Checks what a script or an MPI program left against its certificate, and that against its signature.
public struct ProgramVerifier: Sendable {
    private let locations: JobLocations
    private let job: String
    private let key: ClusterPublicKey?
    private let mustBeSigned: Bool

    /// - Parameters:
    ///   - key: of the cluster that ran the job, where it is known.
    ///   - mustBeSigned: whether a certificate without that key's signature is a problem.
    public init(_ locations: JobLocations, key: ClusterPublicKey? = nil, mustBeSigned: Bool = false) {
        self.locations = locations
        self.key = key
        self.mustBeSigned = mustBeSigned
        job = locations.jobFolder.split(separator: "/").last.map(String.init) ?? ""
    }

    /// What is wrong is no error but a finding; `modelHash` is the SHA-256 of `model.tar.gz`.
    public func verify() -> JobVerification {
        var found = JobVerification(
            folder: locations.jobFolder, checkpoints: [], setAside: [], worlds: [], problems: [])
        let model = locations.modelArtifact
        let hasModel = (try? FileSystem.kind(of: model)) != nil
        let paths = ProgramCertificate.paths(beside: model)
        guard let bytes = try? AtomicFile.read(paths[0]) else {
            if mustBeSigned, hasModel {
                found.problems.append("\(paths[0]) is missing, so no signature binds the model")
            }
            found.proof.missing.append(
                hasModel
                    ? "a certificate: the job was stopped, or is of an earlier Lockstep"
                    : "a model and its certificate: the job is not finished")
            return found
        }
        guard let certificate = try? JSONDecoder().decode(ProgramCertificate.self, from: Data(bytes)) else {
            found.problems.append("\(paths[0]) is no certificate of a script or an MPI program")
            return found
        }
        let signature = SignatureFinding(
            of: bytes, job: certificate.job, path: paths[0], signature: try? AtomicFile.read(paths[1]),
            signaturePath: paths[1], key: key, mustBeSigned: mustBeSigned)
        found.proof.standing = signature.standing
        found.problems += signature.problems
        if certificate.job != job {
            found.problems.append("\(paths[0]) is of job \(certificate.job), but the folder is of \(job)")
        }
        check(certificate.artifact, model, paths[0], &found)
        if let output = certificate.output {
            check(output, (FileSystem.parent(of: model) ?? "/") + "/output.tar.gz", paths[0], &found)
        }
        if found.isGood { found.modelHash = certificate.artifact.sha256 }
        sumUp(certificate, &found.proof)
        return found
    }

    private func check(
        _ seal: Certificate.Seal, _ archive: String, _ path: String, _ found: inout JobVerification
    ) {
        guard let now = try? Certificate.Seal(file: archive) else {
            return found.problems.append("\(archive) is missing, which \(path) tells of")
        }
        if now != seal { found.problems.append("\(archive) is not the file that \(path) tells of") }
    }

    private func sumUp(_ certificate: ProgramCertificate, _ proof: inout ProofFinding) {
        let all = "what attempt \(certificate.attempt) of the \(certificate.kind) left, and its request"
        switch proof.standing {
        case .signed: proof.proved.append("\(all): signed by the cluster")
        case .signedByUnknownKey:
            proof.claimed.append("\(all): signed by a key that is not known here (--public-key FILE)")
        case .unsigned, .none: proof.claimed.append("\(all): the certificate is not signed")
        }
        proof.missing.append("a history: what a program reads and computes only the program knows")
    }
}
