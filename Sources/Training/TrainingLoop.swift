import AlgorithmSpecs
import Checkpoints
import ClusterTypes
public import Collectives
public import Datasets
import Diagnostics
import Foundation
import SageMakerShapes
import Tensors
import Threading

/// Trains a job from its newest checkpoint to its model. One a rank; all ranks run it alike.
public final class TrainingLoop {
    /// Opens a channel; `DataChannel.open` but in tests. Collective, the same error on every rank.
    public typealias Opening = (ChannelSource, any Communicator) throws -> any OpenedChannel

    let plan: TrainingPlan
    let type: any Algorithm.Type
    let communicator: any Communicator
    let vote: GangVote
    let reporter: TrainingReporter
    let open: Opening
    private let stop: StopFlag

    /// - Parameters:
    ///   - vote: tells the caller afterwards whether an error is shared by all ranks.
    ///   - stop: this rank's wish to stop; one rank's wish stops all.
    public init(
        _ plan: TrainingPlan, algorithm: any Algorithm.Type, communicator: any Communicator, vote: GangVote,
        reporter: TrainingReporter, stop: StopFlag,
        open: @escaping Opening = { try DataChannel.open($0, communicator: $1) }
    ) {
        self.plan = plan
        type = algorithm
        self.communicator = communicator
        self.vote = vote
        self.reporter = reporter
        self.stop = stop
        self.open = open
    }

    /// Trains. Collective.
    ///
    /// - Throws: `LockstepError`; `GangVote.sharedFailure` is set when every rank threw the same.
    public func run() throws -> TrainingOutcome {
        reporter.emit(.started) {
            $0.world = communicator.size
            $0.threads = plan.threadCount
            $0.step = (try? CheckpointStore(folder: plan.locations.checkpointFolder).steps().last) ?? 0
        }
        try checkWorld()
        reporter.emit(.downloading)
        let data = try openChannels()
        if let modelHash = try finishedModel(data.identity) { return .completed(modelHash: modelHash) }
        var training = try prepare(data)
        if let step = try takeSteps(&training) { return .stopped(step: step) }
        return .completed(modelHash: try finish(&training, data))
    }

    /// A training under way.
    struct Progress {
        var algorithm: any Algorithm
        let context: GangStepContext
        /// Commits and checkpoints; rank 0 has it.
        let keeper: CommitKeeper?
        var commit: CommitRecord
        var state: NamedTensors
    }

    /// Steps until the algorithm is finished, or until a rank was asked to stop.
    ///
    /// - Returns: the step of the checkpoint left behind by a stop; `nil` when finished.
    private func takeSteps(_ training: inout Progress) throws -> Int? {
        reporter.emit(.training) { $0.step = training.commit.step }
        while !training.algorithm.isFinished {
            let begin = DispatchTime.now()
            training.context.begin(step: training.commit.step)
            let report = try training.algorithm.step(training.context)
            training.state = training.algorithm.state
            training.commit = CommitRecord(
                step: training.commit.step + 1, samples: training.commit.samples + report.recordCount,
                stateHash: training.state.stateHash, world: communicator.size)
            let wantsStop = try agree(on: training.commit)
            training.keeper?.commit(training.commit, training.state)
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - begin.uptimeNanoseconds) * 1e-9
            reporter.stepCommitted(report, commit: training.commit, seconds: seconds)
            if wantsStop, !training.algorithm.isFinished { return try leave(training) }
            delay()
        }
        return nil
    }

    /// Ends a step on all ranks at once: one reduction tells whether any was asked to stop and whether
    /// all hold the same state.
    private func agree(on commit: CommitRecord) throws -> Bool {
        let hash = Int64(bitPattern: commit.stateHash)
        // The largest complement is the complement of the smallest: both ends in one maximum.
        var ballot: [Int64] = [stop.isRequested ? 1 : 0, hash, ~hash]
        try ballot.withUnsafeMutableBufferPointer { try communicator.allReduce($0, .max) }
        guard ballot[1] == ~ballot[2] else { throw try divergence(commit) }
        return ballot[0] != 0
    }

    /// Names the ranks whose state is not that of the most ranks (of rank 0, where there is a tie).
    private func divergence(_ commit: CommitRecord) throws -> LockstepError {
        let hashes = try communicator.allGather(
            withUnsafeBytes(of: commit.stateHash.littleEndian) { [UInt8]($0) })
        var counts: [[UInt8]: Int] = [:]
        for hash in hashes { counts[hash, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        let usual = hashes.first { counts[$0] == most } ?? []
        let names = hashes.indices.filter { hashes[$0] != usual }.map(String.init).joined(separator: ", ")
        return vote.share(
            LockstepError(
                .bug,
                "after step \(commit.step) the state of rank \(names) differs from that of the other ranks: "
                    + "its machine computes differently or its memory failed; no checkpoint of it is kept"))
    }

    private func leave(_ training: Progress) throws -> Int {
        // Only rank 0 knows what is durable; the others need no more than to leave with it.
        training.keeper?.finish(training.commit, training.state)
        let durable = training.keeper.map { $0.durableStep ?? 0 } ?? training.commit.step
        try communicator.barrier()
        reporter.say("Stopped after step \(training.commit.step); the checkpoint holds step \(durable)")
        reporter.emit(.stopped) { $0.step = durable }
        return durable
    }

    private func delay() {
        guard plan.stepDelaySeconds > 0 else { return }
        let end = Date().addingTimeInterval(plan.stepDelaySeconds)
        while !stop.isRequested, case let rest = end.timeIntervalSinceNow, rest > 0 {
            Thread.sleep(forTimeInterval: min(rest, 0.02))
        }
    }
}
