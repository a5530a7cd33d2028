public import Diagnostics
import Foundation
public import Tensors

/// Keeps a node's hot state up to date, step by step. One rank a node has it: the *holder*.
///
/// A small state is copied by the caller; a larger one by a thread of its own beside training, to which
/// it is handed without a copy (tensors are copied on write). What cannot be written turns the hot
/// state off: training goes on with checkpoints alone.
public final class HotStateHolder {
    private let store: HotStateStore
    private let interval: Int
    private let synchronousLimit: Int
    private let thread: WritingThread
    private var digest: ChainDigest
    private var lastTrim = -1
    /// Step of the last state that was written or handed over.
    private var lastStep: Int
    /// Commit and state that are not yet written, where not every step is.
    private var skipped: (CommitRecord, NamedTensors)?
    private var isSynchronous = true
    /// Why nothing is held any more.
    public private(set) var failure: LockstepError?

    /// Takes over the state that the world goes on from.
    ///
    /// - Parameters:
    ///   - interval: steps from one hot state to the next, at least 1.
    ///   - synchronousLimit: bytes up to which a state is copied by the caller.
    /// - Throws: `LockstepError(.io)` when the node's shared memory is too small.
    public init(
        _ store: HotStateStore, adopting checkpoint: Checkpoint, tail: CommitTail, interval: Int,
        synchronousLimit: Int = 1 << 20
    ) throws {
        self.store = store
        self.interval = max(1, interval)
        self.synchronousLimit = synchronousLimit
        digest = checkpoint.digest
        lastStep = checkpoint.commit.step
        do {
            try store.adopt(checkpoint, tail: tail)
        } catch {
            store.remove()
            throw error
        }
        thread = WritingThread(store, held: checkpoint.commit.step)
        thread.start()
    }

    /// Returns when nothing is being written: whoever comes next has the folder to itself.
    deinit {
        _ = thread.waitUntilIdle()
        thread.close()
    }

    /// Step of the newest state that is held whole; `nil` when the hot state is off.
    public var heldStep: Int? { failure == nil ? thread.heldStep : nil }

    /// Whether the last state was copied by the caller, so that it is held on return.
    public var holdsAtOnce: Bool { isSynchronous }

    /// Takes a commit in, and its state where one is due. Waits for the write before.
    public func commit(_ record: CommitRecord, _ state: NamedTensors) {
        attempt {
            digest.advance(by: record)
            try store.append(record)
            skipped = nil
            if record.step - lastStep >= interval {
                try write(Checkpoint(commit: record, digest: digest, state: state))
            } else {
                skipped = (record, state)
            }
        }
    }

    /// The commits up to `step` are in a durable checkpoint.
    public func trim(through step: Int) {
        guard step > lastTrim else { return }
        lastTrim = step
        attempt { try store.trim(through: step) }
    }

    /// Returns when nothing is being written.
    public func waitUntilIdle() {
        if let error = thread.waitUntilIdle() { turnOff(error) }
    }

    /// Writes the last commit's state where it is not yet, and returns when it is held.
    public func settle() {
        attempt {
            if let (record, state) = skipped {
                skipped = nil
                try write(Checkpoint(commit: record, digest: digest, state: state))
            }
        }
        waitUntilIdle()
    }

    private func write(_ checkpoint: Checkpoint) throws {
        lastStep = checkpoint.commit.step
        isSynchronous = checkpoint.state.byteCount <= synchronousLimit
        if let error = thread.waitUntilIdle() { throw error }
        if isSynchronous {
            try store.write(checkpoint)
            thread.heldStep = checkpoint.commit.step
        } else {
            thread.submit(checkpoint)
        }
    }

    private func attempt(_ body: () throws -> Void) {
        guard failure == nil else { return }
        do {
            try body()
        } catch {
            turnOff(error as? LockstepError ?? LockstepError(.io, "cannot write a hot state", cause: error))
        }
    }

    private func turnOff(_ error: LockstepError) {
        guard failure == nil else { return }
        _ = thread.waitUntilIdle()
        failure = error
        skipped = nil
        store.remove()
    }
}

/// `@unchecked Sendable`: every access to a mutable member holds `condition`; `store` is used by the
/// thread only between `submit` and idleness, and by the others only while it is idle.
private final class WritingThread: @unchecked Sendable {
    private let condition = NSCondition()
    private let store: HotStateStore
    private var pending: Checkpoint?
    private var isWriting = false
    private var isClosed = false
    private var held: Int
    private var error: LockstepError?

    init(_ store: HotStateStore, held: Int) {
        self.store = store
        self.held = held
    }

    func start() {
        let thread = Thread { self.run() }
        thread.name = "hot state"
        thread.start()
    }

    var heldStep: Int {
        get { condition.withLock { held } }
        set { condition.withLock { held = newValue } }
    }

    func submit(_ checkpoint: Checkpoint) {
        condition.withLock {
            pending = checkpoint
            condition.broadcast()
        }
    }

    /// - Returns: the error of a write since the last call.
    func waitUntilIdle() -> LockstepError? {
        condition.withLock {
            while pending != nil || isWriting { condition.wait() }
            defer { error = nil }
            return error
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    private func run() {
        condition.lock()
        while true {
            if let checkpoint = pending {
                pending = nil
                isWriting = true
                condition.unlock()
                let failure = write(checkpoint)
                condition.lock()
                if let failure { error = failure } else { held = checkpoint.commit.step }
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

    private func write(_ checkpoint: Checkpoint) -> LockstepError? {
        do {
            try store.write(checkpoint)
            return nil
        } catch {
            return error as? LockstepError ?? LockstepError(.io, "cannot write a hot state", cause: error)
        }
    }
}
