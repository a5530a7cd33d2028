import AlgorithmSpecs
import Checkpoints
import ClusterTypes
import Collectives
import Diagnostics
import JobSpecs
import Storage
import Tensors

extension TrainingLoop {
    /// Hash of the model that an earlier attempt of this job wrote, on every rank; `nil` when there is
    /// none yet.
    ///
    /// - Throws: `LockstepError(.conflict)` when the model there is another job's.
    func finishedModel(_ identity: JobIdentity) throws -> String? {
        let found = try vote.together { () -> ModelArtifact? in
            guard communicator.rank == 0 else { return nil }
            return try readFinishedModel(identity)
        }
        let bytes = try communicator.broadcast(
            bytes: [UInt8]((found?.description.modelHash ?? "").utf8), root: 0)
        guard !bytes.isEmpty else { return nil }
        let hash = String(decoding: bytes, as: UTF8.self)
        reporter.say("The job is finished already: \(plan.locations.modelArtifact) is its model")
        announce(hash, step: found?.description.step)
        try certify(again: false)
        return hash
    }

    private func readFinishedModel(_ identity: JobIdentity) throws -> ModelArtifact? {
        let path = plan.locations.modelArtifact
        guard try FileSystem.kind(of: path) != nil else { return nil }
        let artifact: ModelArtifact
        do {
            artifact = try ModelArtifact(reading: path)
        } catch let error as LockstepError where error.code == .damaged {
            let kept = try Quarantine.setAside(path)
            reporter.warn("\(error); it is kept as \(kept) and the model is made again")
            return nil
        }
        let conflict = identity.conflict(
            with: artifact.description.identity, at: "\(path) is the model of another job of that name",
            advice: "give this job another TrainingJobName or S3OutputPath")
        if let conflict { throw conflict }
        return artifact
    }

    /// The algorithm's last pass, the last checkpoint, the model. Returns the model's hash.
    func finish(_ training: inout Progress, _ data: OpenedData) throws -> String {
        let step = training.commit.step
        try settle(&training)
        training.context.begin(step: step)
        let metrics = try training.algorithm.finish(training.context)
        for metric in metrics { reporter.finalMetric(metric, step: step) }
        reporter.emit(.uploading)
        let model = training.algorithm.model()
        let hash = model.tensors.sha256
        activity.begin(.storage("writing the checkpoint"))
        training.keeper?.finish(training.commit, training.state)
        activity.begin(.storage("writing the model"))
        let commit = training.commit
        try vote.together {
            guard let keeper = training.keeper else { return }
            try keeper.requireOwnership()
            let artifact = ModelArtifact(
                tensors: model.tensors,
                description: ModelDescription(
                    algorithm: type.spec.name, description: model.description,
                    hyperparameters: plan.hyperparameters.values,
                    featureCount: data.description.featureCount, modelHash: hash, step: commit.step,
                    samples: commit.samples, chainDigest: keeper.chainDigest, identity: data.identity))
            try artifact.write(to: plan.locations.modelArtifact)
        }
        reporter.finished(algorithm: type.spec.name)
        announce(hash, step: step)
        try certify(again: true)
        return hash
    }

    /// Writes the job's certificate, when all that it tells of is written. Collective.
    ///
    /// - Parameter again: whether a certificate that is there is replaced; it may be signed.
    private func certify(again: Bool) throws {
        activity.begin(.storage("writing the certificate"))
        try vote.together {
            guard communicator.rank == 0 else { return }
            let (model, history) = (plan.locations.modelArtifact, plan.locations.historyFolder)
            let path = history + "/" + Certificate.fileName
            guard try again || FileSystem.kind(of: path) == nil else { return }
            try FileSystem.createFolder(history)
            try Certificate(
                job: plan.jobName, modelPath: model, history: history, eventFiles: eventFiles,
                program: "/proc/self/exe"
            ).write(beside: model, history: history)
        }
    }

    /// `events.jsonl` of the job's attempts on this machine, this one's last.
    private var eventFiles: [String] {
        guard let folder = setting.attemptFolder else { return [] }
        let own = (folder.hasPrefix("/") ? folder : FileSystem.workingFolder + "/" + folder)
        guard let attempt = setting.attempt, let above = FileSystem.parent(of: own) else {
            return [own + "/" + AttemptFiles.events]
        }
        return (1...max(attempt, 1)).map { "\(above)/\($0)/\(AttemptFiles.events)" }
    }

    private func announce(_ hash: String, step: Int?) {
        reporter.say("model-hash: \(hash)")
        reporter.emit(.completed) {
            $0.step = step
            $0.modelHash = hash
            $0.path = plan.locations.modelArtifact
        }
    }
}
