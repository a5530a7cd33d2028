import AlgorithmSpecs
import Checkpoints
import Diagnostics
import Foundation
import Tensors

/// Keeps the job's commits: the chain of hashes, and a checkpoint whenever one is due. Rank 0 only.
final class CommitKeeper {
    private let writer: CheckpointWriter
    private let lock: CheckpointLock
    private let runtime: RuntimeSettings
    private let reporter: TrainingReporter
    private var digest: ChainDigest
    /// Commits since the last checkpoint that was handed over.
    private var commits: [CommitRecord] = []
    private var lastStep: Int
    private var lastTime: DispatchTime
    private(set) var durableStep: Int?

    /// - Parameters:
    ///   - lock: of the checkpoints' folder.
    ///   - resume: where the job goes on from; its commits that the history lacks go into the next
    ///     checkpoint.
    init(
        store: CheckpointStore, lock: CheckpointLock, history: String, job: String, identity: JobIdentity,
        runtime: RuntimeSettings, resume: ResumePoint, reporter: TrainingReporter
    ) throws {
        self.lock = lock
        self.runtime = runtime
        self.reporter = reporter
        digest = resume.checkpoint.digest
        lastStep = resume.durableStep ?? 0
        durableStep = resume.durableStep
        lastTime = .now()
        // A state that is all in the history may lie before the tail.
        let known = resume.tail.knownSteps
        let missing = known.contains(resume.base) ? resume.tail.after(resume.base) : resume.tail
        commits = missing.records
        writer = try CheckpointWriter(
            store: store, history: history, job: job, identity: identity,
            keeping: runtime.checkpointsKept, nextStep: missing.firstStep, digest: missing.digestBefore,
            lock: lock, report: reporter.warn)
    }

    /// Whether the job's folders are still this attempt's.
    ///
    /// - Throws: `LockstepError(.conflict)` naming who has taken them over.
    func requireOwnership() throws { try lock.requireOwnership() }

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
