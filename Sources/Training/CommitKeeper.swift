import AlgorithmSpecs
import Checkpoints
import Diagnostics
import Foundation
import Tensors

/// Keeps the job's commits: the chain of hashes, and a checkpoint whenever one is due. Rank 0 only.
final class CommitKeeper {
    private let writer: CheckpointWriter
    private let runtime: RuntimeSettings
    private let reporter: TrainingReporter
    private var digest: ChainDigest
    /// Commits since the last checkpoint that was handed over.
    private var commits: [CommitRecord] = []
    private var lastStep: Int
    private var lastTime: DispatchTime
    private(set) var durableStep: Int?

    /// - Parameter restored: the checkpoint the job goes on from.
    init(
        store: CheckpointStore, history: String, job: String, identity: JobIdentity,
        runtime: RuntimeSettings, restored: Checkpoint?, reporter: TrainingReporter
    ) throws {
        self.runtime = runtime
        self.reporter = reporter
        digest = restored?.digest ?? ChainDigest()
        lastStep = restored?.commit.step ?? 0
        durableStep = restored?.commit.step
        lastTime = .now()
        writer = try CheckpointWriter(
            store: store, history: history, job: job, identity: identity,
            keeping: runtime.checkpointsKept, nextStep: restored.map { $0.commit.step + 1 } ?? 0,
            digest: digest, report: reporter.warn)
    }

    /// 64 hex digits over all commits so far.
    var chainDigest: String { digest.hexadecimal }

    /// Takes a commit in, and hands a checkpoint over if one is due and the last one is written.
    func commit(_ record: CommitRecord, _ state: NamedTensors) {
        digest.advance(by: record)
        commits.append(record)
        report()
        if isDue(record.step), writer.isIdle { handOver(record, state) }
    }

    /// Writes a checkpoint of the last commit, unless it has one, and returns when it is durable or
    /// abandoned.
    func finish(_ record: CommitRecord, _ state: NamedTensors) {
        writer.waitUntilIdle()
        report()
        guard durableStep != record.step else { return }
        handOver(record, state)
        writer.waitUntilIdle()
        report()
    }

    private func isDue(_ step: Int) -> Bool {
        if let interval = runtime.checkpointIntervalSteps { return step - lastStep >= interval }
        let nanoseconds = DispatchTime.now().uptimeNanoseconds - lastTime.uptimeNanoseconds
        return step > lastStep && Double(nanoseconds) * 1e-9 >= runtime.checkpointIntervalSeconds
    }

    private func handOver(_ record: CommitRecord, _ state: NamedTensors) {
        writer.submit(Checkpoint(commit: record, digest: digest, state: state), commits: commits)
        commits = []
        lastStep = record.step
        lastTime = .now()
    }

    private func report() {
        for outcome in writer.takeOutcomes() {
            switch outcome {
            case .written(let checkpoint, let path):
                durableStep = checkpoint.commit.step
                reporter.checkpointWritten(checkpoint, path: path)
            case .abandoned(let step, let reason):
                reporter.warn(
                    "the checkpoint of step \(step) is abandoned: \(reason); "
                        + "training goes on and tries again at the next interval")
            }
        }
    }
}
