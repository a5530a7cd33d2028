public import Diagnostics
import Foundation
import Storage
import Tensors

/// Writes checkpoints on a thread of its own, beside the training thread. Rank 0 only.
///
/// Two states are alive at most: the one that is being written and the one that training goes on
/// with. Handing one over copies nothing (tensors are copied on write), so the training thread
/// pays for a lock and a signal. A checkpoint that cannot be written is abandoned with a report;
/// its commits go into the next one.
public final class CheckpointWriter {
    /// What became of a checkpoint.
    public enum Outcome: Sendable {
        case written(Checkpoint, path: String)
        case abandoned(step: Int, reason: LockstepError)
    }

    private let shared: Shared

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - history: folder of the job's history.
    ///   - nextStep: step of the first commit that will be handed over.
    ///   - digest: of the commits before it.
    ///   - lock: of the checkpoints' folder; is asked before each write.
    ///   - report: gets a sentence when an old history does not fit and was set aside.
    /// - Throws: `LockstepError(.io)` when folders cannot be made.
    public init(
        store: CheckpointStore, history: String, job: String, identity: JobIdentity, keeping: Int,
        nextStep: Int, digest: ChainDigest, lock: CheckpointLock? = nil, report: (String) -> Void
    ) throws {
        try FileSystem.createFolder(store.folder)
        try store.removeUnfinished()
        let writer = try HistoryWriter(folder: history, nextStep: nextStep, digest: digest, report: report)
        shared = Shared(
            Work(
                store: store, history: writer, job: job, identity: identity, keeping: keeping,
                digest: digest, lock: lock))
        let shared = shared
        let thread = Thread { shared.run() }
        thread.name = "checkpoints"
        thread.start()
    }

    /// Returns when nothing is being written: whoever comes next has the folder to itself.
    deinit { shared.close() }

    /// Whether a checkpoint handed over now would be written at once.
    public var isIdle: Bool { shared.isIdle }

    /// Hands a checkpoint over and returns. Only while `isIdle`.
    ///
    /// - Parameter commits: all since the last one that was handed over, this one last.
    public func submit(_ checkpoint: Checkpoint, commits: [CommitRecord]) {
        shared.submit(checkpoint, commits)
    }

    /// What became of the checkpoints since the last call, in order.
    public func takeOutcomes() -> [Outcome] { shared.takeOutcomes() }

    /// Returns when nothing is left to write.
    public func waitUntilIdle() { shared.waitUntilIdle() }
}

/// What the thread works with; touched by that thread alone once it runs.
private final class Work {
    let store: CheckpointStore
    let history: HistoryWriter
    let job: String
    let identity: JobIdentity
    let keeping: Int
    let lock: CheckpointLock?
    /// Commits since the last durable checkpoint, and the digest before them.
    var commits: [CommitRecord] = []
    var digestBefore: ChainDigest
    /// How many of `commits` are in the history file.
    var recorded = 0

    init(
        store: CheckpointStore, history: HistoryWriter, job: String, identity: JobIdentity, keeping: Int,
        digest: ChainDigest, lock: CheckpointLock?
    ) {
        self.store = store
        self.history = history
        self.job = job
        self.identity = identity
        self.keeping = keeping
        self.lock = lock
        digestBefore = digest
    }

    func write(_ checkpoint: Checkpoint, _ commits: [CommitRecord]) -> CheckpointWriter.Outcome {
        self.commits += commits
        do {
            try lock?.requireOwnership()
            // History first: it may run ahead of the newest checkpoint, never behind.
            try history.append(self.commits[recorded...])
            recorded = self.commits.count
            let chain = CommitHistory(digestBefore: digestBefore, records: self.commits)
            let path = try store.write(
                checkpoint, since: chain, job: job, identity: identity,
                attempts: try AttemptLine.seal(in: history.folder))
            digestBefore = checkpoint.digest
            self.commits = []
            recorded = 0
            try store.keep(newest: keeping)
            return .written(checkpoint, path: path)
        } catch let error as LockstepError {
            return .abandoned(step: checkpoint.commit.step, reason: error)
        } catch {
            return .abandoned(
                step: checkpoint.commit.step,
                reason: LockstepError(.io, "cannot write a checkpoint in \(store.folder)", cause: error))
        }
    }
}

/// `@unchecked Sendable`: `pending`, `isWriting`, `isClosed` and `outcomes` are touched with
/// `condition` locked only; `work` by the writing thread only.
private final class Shared: @unchecked Sendable {
    private let condition = NSCondition()
    private let work: Work
    private var pending: (Checkpoint, [CommitRecord])?
    private var isWriting = false
    private var isClosed = false
    private var outcomes: [CheckpointWriter.Outcome] = []

    init(_ work: Work) { self.work = work }

    var isIdle: Bool {
        condition.lock()
        defer { condition.unlock() }
        return pending == nil && !isWriting
    }

    func submit(_ checkpoint: Checkpoint, _ commits: [CommitRecord]) {
        condition.lock()
        precondition(pending == nil && !isWriting, "one checkpoint is written at a time")
        pending = (checkpoint, commits)
        condition.broadcast()
        condition.unlock()
    }

    func takeOutcomes() -> [CheckpointWriter.Outcome] {
        condition.lock()
        defer { condition.unlock() }
        let taken = outcomes
        outcomes = []
        return taken
    }

    func waitUntilIdle() {
        condition.lock()
        while pending != nil || isWriting { condition.wait() }
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        pending = nil
        condition.broadcast()
        while isWriting { condition.wait() }
        condition.unlock()
    }

    func run() {
        condition.lock()
        while true {
            if let (checkpoint, commits) = pending {
                pending = nil
                isWriting = true
                condition.unlock()
                let outcome = work.write(checkpoint, commits)
                condition.lock()
                outcomes.append(outcome)
                isWriting = false
                condition.broadcast()
            } else if isClosed {
                break
            } else {
                condition.wait()
            }
        }
        condition.unlock()
    }
}
