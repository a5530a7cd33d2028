public import Checkpoints
import Collectives
import Diagnostics
import JobSpecs
import Tensors

extension TrainingLoop {
    /// Takes steps of a job again, from the checkpoint before, and writes nothing. Collective.
    ///
    /// - Parameters:
    ///   - steps: the last is the last one taken; the first sets which checkpoint is begun from.
    ///   - identity: of the job whose steps they are.
    ///   - committed: gets every commit on the way, in order, on every rank.
    /// - Returns: step of the state that was begun from, 0 for the start; and the hash of the model, where
    ///   the last step is the job's last.
    /// - Throws: `LockstepError(.conflict)` saying what differs when this job would walk through other
    ///   states.
    public func replay(
        _ steps: ClosedRange<Int>, identity: JobIdentity, _ committed: (CommitRecord) -> Void
    ) throws -> (first: Int, modelHash: String?) {
        try gatherPlaces()
        try checkWorld()
        let data = try openChannels()
        let differences = data.identity.differences(from: identity)
        guard differences.isEmpty else {
            throw vote.share(
                LockstepError(
                    .conflict,
                    "the steps cannot be taken again as they were: " + differences.joined(separator: ", ")))
        }
        var (algorithm, context) = try setUp(data)
        let found = try vote.together { () -> Checkpoint? in
            guard communicator.rank == 0 else { return nil }
            let store = CheckpointStore(folder: plan.locations.checkpointFolder)
            guard let step = try store.steps().last(where: { $0 < steps.lowerBound }) else { return nil }
            return try store.read(step: step).checkpoint
        }
        var commit: CommitRecord
        if let restored = try shareCheckpoint(found) {
            algorithm.state = restored.state
            commit = restored.commit
        } else {
            let hash = algorithm.state.stateHash
            commit = CommitRecord(step: 0, samples: 0, stateHash: hash, world: communicator.size)
        }
        let first = commit.step
        while commit.step < steps.upperBound, !algorithm.isFinished {
            context.begin(step: commit.step)
            let report = try algorithm.step(context)
            commit = CommitRecord(
                step: commit.step + 1, samples: commit.samples + report.recordCount,
                stateHash: algorithm.state.stateHash, world: communicator.size)
            committed(commit)
        }
        guard algorithm.isFinished else { return (first, nil) }
        context.begin(step: commit.step)
        _ = try algorithm.finish(context)
        return (first, algorithm.model().tensors.sha256)
    }

    private func shareCheckpoint(_ checkpoint: Checkpoint?) throws -> Checkpoint? {
        guard try communicator.maximum(checkpoint == nil ? 0 : 1) == 1 else { return nil }
        return try share(checkpoint, nil, root: 0).0
    }
}
