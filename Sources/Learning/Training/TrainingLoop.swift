import AlgorithmSpecs
import Checkpoints
import ClusterTypes
public import Collectives
public import Datasets
import Diagnostics
import Foundation
import JobSpecs
import Tensors
import Threading

/// Trains a job from its newest state to its model. One a rank; all ranks run it alike.
public final class TrainingLoop {
    /// Opens a channel; `DataChannel.open` but in tests. Collective, the same error on every rank.
    public typealias Opening = (ChannelSource, any Communicator) throws -> any OpenedChannel

    let plan: TrainingPlan
    let type: any Algorithm.Type
    let communicator: any Communicator
    let vote: GangVote
    let reporter: TrainingReporter
    let setting: RankSetting
    let activity: RankActivity
    let open: Opening
    let stop: StopFlag
    /// Where every rank runs, in order of rank.
    private(set) var places: [RankPlace] = []

    /// - Parameters:
    ///   - vote: tells the caller afterwards whether an error is shared by all ranks.
    ///   - stop: this rank's wish to stop; one rank's wish stops all.
    ///   - setting: what this rank is told about itself.
    ///   - activity: is told what this rank does.
    public init(
        _ plan: TrainingPlan, algorithm: any Algorithm.Type, communicator: any Communicator, vote: GangVote,
        reporter: TrainingReporter, stop: StopFlag, setting: RankSetting = RankSetting(),
        activity: RankActivity = RankActivity(),
        open: @escaping Opening = { try DataChannel.open($0, communicator: $1, takesDigests: true) }
    ) {
        self.plan = plan
        type = algorithm
        self.communicator = communicator
        self.vote = vote
        self.reporter = reporter
        self.setting = setting
        self.activity = activity
        self.stop = stop
        self.open = open
    }

    /// Trains. Collective.
    ///
    /// - Throws: `LockstepError`; `GangVote.sharedFailure` is set when every rank threw the same.
    public func run() throws -> TrainingOutcome {
        try gatherPlaces()
        reporter.emit(.started) {
            $0.world = communicator.size
            $0.threads = plan.threadCount
            let durable = (try? CheckpointStore(folder: plan.locations.checkpointFolder).steps().last) ?? 0
            let held = usesHotState ? places.compactMap(\.hotStep).max() ?? 0 : 0
            $0.step = max(durable, held)
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
        /// The node's hot state; the lowest rank of a node has it.
        let holder: HotStateHolder?
        /// Where the state came from, and whose hot state was not trusted.
        let source: ResumePoint.Source
        let distrusted: [Int]
        var commit: CommitRecord
        var state: NamedTensors
        /// Committed steps that are not yet told, because a hot state does not hold them yet.
        var untold: [CommittedStep] = []
        var hasWarned = false
    }

    func gatherPlaces() throws {
        let folder = setting.hotStateFolder
        let own = RankPlace(
            host: RankPlace.ownHost, worker: setting.worker, hotStateFolder: folder,
            hotStep: folder.isEmpty ? nil : HotStateStore.newestStep(in: folder))
        places = try communicator.allGather([UInt8](try JSONEncoder().encode(own))).map {
            try JSONDecoder().decode(RankPlace.self, from: Data($0))
        }
    }

    /// Steps until the algorithm is finished, or until a rank was asked to stop.
    ///
    /// - Returns: the step of the checkpoint left behind by a stop; `nil` when finished.
    private func takeSteps(_ training: inout Progress) throws -> Int? {
        reporter.emit(.training) {
            $0.step = training.commit.step
            $0.name = training.source.rawValue
            if !training.distrusted.isEmpty {
                $0.workers = training.distrusted.map { places[$0].worker }.filter { !$0.isEmpty }
            }
        }
        while !training.algorithm.isFinished {
            let begin = DispatchTime.now()
            training.context.begin(step: training.commit.step)
            let report = try training.algorithm.step(training.context)
            training.state = training.algorithm.state
            strikeState(&training)
            training.commit = CommitRecord(
                step: training.commit.step + 1, samples: training.commit.samples + report.recordCount,
                stateHash: training.state.stateHash, world: communicator.size)
            activity.begin(.storage("writing the hot state"))
            training.holder?.waitUntilIdle()
            activity.begin(.work("voting"))
            let ballot = try agree(on: training)
            training.keeper?.commit(training.commit, training.state)
            hold(&training, ballot)
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - begin.uptimeNanoseconds) * 1e-9
            training.untold.append(
                CommittedStep(report: report, commit: training.commit, seconds: seconds))
            tell(&training, ballot)
            activity.begin(.work("between steps"))
            strikeRank(training.commit.step)
            if ballot.wantsStop, !training.algorithm.isFinished { return try leave(&training) }
            delay()
        }
        return nil
    }

    /// Before the last pass, and before leaving: every node holds the last commit, and all are told.
    func settle(_ training: inout Progress) throws {
        activity.begin(.storage("writing the hot state"))
        training.holder?.settle()
        warnOfFailure(&training)
        if usesHotState { try communicator.barrier() }
        for step in training.untold { reporter.stepCommitted(step) }
        training.untold = []
    }

    private func hold(_ training: inout Progress, _ ballot: StepBallot) {
        guard let holder = training.holder else { return }
        holder.trim(through: ballot.durableStep)
        holder.commit(training.commit, training.state)
        warnOfFailure(&training)
    }

    private func warnOfFailure(_ training: inout Progress) {
        guard let failure = training.holder?.failure, !training.hasWarned else { return }
        training.hasWarned = true
        warnOfHotState(failure)
    }

    /// Reports the commits that cannot be lost any more: those that every holder had when it voted, and
    /// where this rank copied the state itself, the one it holds now.
    private func tell(_ training: inout Progress, _ ballot: StepBallot) {
        var last = ballot.heldByAll ?? training.commit.step
        if let holder = training.holder, holder.holdsAtOnce, let held = holder.heldStep {
            last = max(last, held)
        }
        let count = training.untold.prefix { $0.commit.step <= last }.count
        for step in training.untold.prefix(count) { reporter.stepCommitted(step) }
        training.untold.removeFirst(count)
    }

    private func leave(_ training: inout Progress) throws -> Int {
        try settle(&training)
        activity.begin(.storage("writing the checkpoint"))
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
        activity.begin(.work("sleeping as LOCKSTEP_STEP_DELAY_MS says"))
        let end = Date().addingTimeInterval(plan.stepDelaySeconds)
        while !stop.isRequested, case let rest = end.timeIntervalSinceNow, rest > 0 {
            activity.advance()
            Thread.sleep(forTimeInterval: min(rest, 0.02))
        }
    }

    private func strikeState(_ training: inout Progress) {
        let step = training.commit.step + 1
        guard let fault = setting.fault,
            fault.strikes(.flipState, rank: communicator.rank, worker: setting.worker, step: step)
        else { return }
        training.state = InjectedFault.flipped(training.state)
        training.algorithm.state = training.state
    }

    private func strikeRank(_ step: Int) {
        guard let fault = setting.fault else { return }
        let (rank, worker) = (communicator.rank, setting.worker)
        if fault.strikes(.kill, rank: rank, worker: worker, step: step) { raise(SIGKILL) }
        while fault.strikes(.hang, rank: rank, worker: worker, step: step) {
            Thread.sleep(forTimeInterval: 1)
        }
    }
}
