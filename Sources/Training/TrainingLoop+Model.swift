import AlgorithmSpecs
import Checkpoints
import ClusterTypes
import Collectives
import Diagnostics
import SageMakerShapes
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
        let differences = identity.differences(from: artifact.description.identity)
        guard differences.isEmpty else {
            throw LockstepError(
                .conflict,
                "\(path) is the model of another job: " + differences.joined(separator: ", ")
                    + "; give this job another TrainingJobName or S3OutputPath")
        }
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
        return hash
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
