import Diagnostics
import Foundation
import JobSpecs
import Storage

/// Checks a job's files against its certificate, and the certificate against its signature.
struct CertificateCheck {
    let locations: JobLocations
    /// The cluster's key, where the verifier has it.
    let key: ClusterPublicKey?
    /// Whether only a signature by `key` will do.
    let mustBeSigned: Bool
    /// Name of the job as its history has it.
    let job: String
    private(set) var problems: [String] = []
    private(set) var proof = ProofFinding()

    init(locations: JobLocations, key: ClusterPublicKey?, mustBeSigned: Bool, job: String) {
        self.locations = locations
        self.key = key
        self.mustBeSigned = mustBeSigned
        self.job = job
    }

    private var outputFolder: String { FileSystem.parent(of: locations.modelArtifact) ?? "/" }
    private var path: String { outputFolder + "/" + Certificate.fileName }
    private var signaturePath: String { outputFolder + "/" + CertificateSignature.fileName }
    private var copyPath: String { locations.historyFolder + "/" + Certificate.fileName }

    /// - Parameters:
    ///   - model: of the artifact that is there, if it checks out.
    ///   - hasModel: whether an artifact is there at all.
    mutating func run(model: ModelDescription?, hasModel: Bool, history: CommitHistory?) {
        let own = read(path)
        let copy = read(copyPath)
        guard let bytes = own ?? copy else {
            return withoutCertificate(model, hasModel: hasModel)
        }
        if own == nil { problems.append("\(path) is missing") }
        if copy == nil { problems.append("\(copyPath) is missing") }
        if let own, let copy, own != copy { problems.append("\(path) differs from its copy \(copyPath)") }
        guard let certificate = try? JSONDecoder().decode(Certificate.self, from: Data(bytes)) else {
            return problems.append("\(own == nil ? copyPath : path) is no certificate")
        }
        checkSignature(of: bytes, certificate)
        checkModel(certificate, model, hasModel: hasModel)
        checkHistory(certificate, history)
        checkEvents(certificate)
        sumUp(certificate)
    }

    private mutating func withoutCertificate(_ model: ModelDescription?, hasModel: Bool) {
        if mustBeSigned, hasModel {
            problems.append("\(path) is missing, so no signature binds the model")
        } else if let model, !model.identity.dataDigests.isEmpty {
            problems.append("\(path) is missing")
        } else if model != nil {
            proof.missing.append("a certificate: the job was trained by an earlier Lockstep")
        } else if !hasModel {
            proof.missing.append("a model and its certificate: the job is not finished")
        }
        proof.claimed.append("all that is here: without a certificate nothing binds the files together")
    }

    private mutating func checkSignature(of bytes: [UInt8], _ certificate: Certificate) {
        if certificate.job != job {
            problems.append("\(path) is of job \(certificate.job), but the history is of job \(job)")
        }
        let finding = SignatureFinding(
            of: bytes, job: certificate.job, path: path, signature: read(signaturePath),
            signaturePath: signaturePath, key: key, mustBeSigned: mustBeSigned)
        proof.standing = finding.standing
        problems += finding.problems
    }

    private mutating func checkModel(
        _ certificate: Certificate, _ model: ModelDescription?, hasModel: Bool
    ) {
        guard hasModel else {
            problems.append("\(locations.modelArtifact) is missing, which \(path) tells of")
            return
        }
        if let bytes = read(locations.modelArtifact), Certificate.Seal(bytes) != certificate.artifact {
            problems.append("\(locations.modelArtifact) is not the file that \(path) tells of")
        }
        guard let model else { return }
        let facts = [
            ("model hash", model.modelHash, certificate.modelHash),
            ("number of steps", "\(model.step)", "\(certificate.step)"),
            ("chain of commits", model.chainDigest, certificate.chainDigest),
            ("identity", model.identity.hash, certificate.identity),
        ]
        for (name, has, told) in facts where has != told {
            problems.append("\(locations.modelArtifact) has \(name) \(has), but \(path) has \(told)")
        }
        for (channel, told) in certificate.data.sorted(by: { $0.key < $1.key })
        where model.identity.dataDigests[channel] != told {
            problems.append("\(path) tells of other data of channel \(channel) than the model")
        }
    }

    private mutating func checkHistory(_ certificate: Certificate, _ history: CommitHistory?) {
        if let history, history.digest(upTo: certificate.step)?.hexadecimal != certificate.chainDigest {
            problems.append("the history does not lead to the commits that \(path) tells of")
        }
        let attempts = locations.historyFolder + "/" + AttemptLine.fileName
        guard let seal = certificate.attempts else { return }
        guard let bytes = read(attempts) else {
            return problems.append("\(attempts) is missing, which \(path) tells of")
        }
        if Certificate.Seal(bytes) != seal {
            problems.append("\(attempts) is not as it was when the job was finished")
        }
    }

    private mutating func checkEvents(_ certificate: Certificate) {
        for events in certificate.events {
            let folder = FileSystem.parent(of: events.path) ?? "/"
            guard let kind = try? FileSystem.kind(of: folder), kind == .folder else {
                proof.missing.append("\(events.path): it lies on another machine, or was cleared away")
                continue
            }
            guard let bytes = read(events.path) else {
                problems.append("\(events.path) is missing, which \(path) tells of")
                continue
            }
            if !events.seal.isBeginning(of: bytes) {
                problems.append("\(events.path) is not as it was when the job was finished")
            }
        }
    }

    private mutating func sumUp(_ certificate: Certificate) {
        let channels = certificate.data.keys.sorted().joined(separator: ", ")
        let all =
            "model \(certificate.modelHash.prefix(12))…, \(certificate.step) steps, the data of "
            + "\(channels.isEmpty ? "no channel" : channels), training program and attempts"
        switch proof.standing {
        case .signed: proof.proved.append("\(all) are those of the finished job: signed by the cluster")
        case .signedByUnknownKey:
            proof.claimed.append("\(all): signed by a key that is not known here (--public-key FILE)")
        case .unsigned, .none:
            proof.claimed.append("\(all): the certificate is unsigned, as a run without a cluster leaves it")
        }
    }

    /// A file's bytes; `nil` when it is not there. What cannot be read is a problem.
    private mutating func read(_ path: String) -> [UInt8]? {
        do {
            return try AtomicFile.read(path)
        } catch {
            if (error as? LockstepError)?.code != .notFound { problems.append("\(error)") }
            return nil
        }
    }
}
