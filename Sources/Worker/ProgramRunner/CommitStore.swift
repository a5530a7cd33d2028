import Diagnostics
import Foundation
import Glibc
import Processes
import Storage

/// One rank's commits: into the node's shared memory while the program waits, from there to shared storage
/// on a thread beside it, one after the other.
///
/// Every commit goes to shared storage and none is passed over: ranks that passed over different ones would
/// have no step in common there. When storage is `waitingLimit` commits behind, a commit waits for it.
final class CommitStore: @unchecked Sendable {
    /// Commits that may wait for shared storage.
    static let waitingLimit = 4

    /// How long shared storage may refuse commits before they stay in memory only, and the pause between two
    /// tries, in seconds.
    static let usualRefusalSeconds = 60.0
    private static let retrySeconds = 0.25

    private let attempt: Int
    private let rank: Int
    private let world: Int
    /// The job's folder in the node's shared memory; `nil`: there is none.
    let memory: String?
    /// `lockstep-commits/JOB` in the job's checkpoint folder. Made with the first commit.
    let folder: String
    private let warn: @Sendable (String) -> Void
    private let user: JobUser?
    /// Throws when another attempt has begun: from then on nothing is written.
    private let require: @Sendable () throws -> Void
    private let refusalSeconds: Double
    /// Of the copying thread alone.
    private var refusedSince: Date?

    /// Guards what follows.
    private let condition = NSCondition()
    private var waiting: [CommitName] = []
    private var lastStep: Int?
    private var isEnding = false
    private var isDone = false

    init(
        attempt: Int, rank: Int, world: Int, memory: String?, folder: String, user: JobUser? = nil,
        refusalSeconds: Double = usualRefusalSeconds, require: @escaping @Sendable () throws -> Void = {},
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.attempt = attempt
        self.rank = rank
        self.world = world
        self.memory = memory
        self.folder = folder
        self.warn = warn
        self.user = user
        self.require = require
        self.refusalSeconds = refusalSeconds
    }

    func start() {
        let thread = Thread {
            do {
                try self.user.access { self.copyAll() }
            } catch {
                self.warn("commits stay in this node's memory only: \(error)")
            }
        }
        thread.name = "commit-copier"
        thread.stackSize = 1 << 19
        thread.start()
    }

    /// Takes a commit; returns when it is whole in memory, or on shared storage where memory has no room.
    ///
    /// - Throws: `.conflict` for a step below the last one, or when another attempt has begun; `.io`.
    func write(
        step: Int, byteCount: Int, read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws {
        try require()
        try store(step: step, byteCount: byteCount, read: read)
        // Not acknowledged where the other one cannot have seen it.
        try require()
    }

    private func store(
        step: Int, byteCount: Int, read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws {
        let name = CommitName(attempt: attempt, rank: rank, world: world, step: step)
        try waitForRoom(name)
        var hasRead = false
        if let memory {
            do {
                try FileSystem.createFolder(memory)
                try CommitFile.write(name, in: memory, byteCount: byteCount, isDurable: false) { buffer in
                    hasRead = true
                    return try read(buffer)
                }
                condition.withLock {
                    waiting.append(name)
                    lastStep = step
                    condition.broadcast()
                }
                return
            } catch {
                if hasRead { throw error }
                warn("commit \(step) goes straight to shared storage: \(error)")
            }
        }
        try FileSystem.createFolder(folder)
        try CommitFile.write(name, in: folder, byteCount: byteCount, isDurable: true, read: read)
        condition.withLock { lastStep = step }
        clearAway()
    }

    /// Writes what waits and ends the thread; waits for at most that long.
    func end(timeoutSeconds: Double) {
        let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
        condition.withLock {
            isEnding = true
            condition.broadcast()
            while !isDone, condition.wait(until: deadline) {}
            if !isDone {
                warn("\(waiting.count) commits have not reached shared storage but stay in the node's memory")
            }
        }
    }

    private func waitForRoom(_ name: CommitName) throws {
        try condition.withLock {
            if let lastStep, name.step < lastStep {
                throw LockstepError(
                    .conflict,
                    "commit of step \(name.step) after step \(lastStep): steps of commits must grow")
            }
            var deadline = Date(timeIntervalSinceNow: 30)
            // The same step once more replaces what is there, which must not be under the copier's hands.
            while waiting.count >= Self.waitingLimit || waiting.contains(name) {
                guard !condition.wait(until: deadline) else { continue }
                warn("commit \(name.step) waits: shared storage is \(waiting.count) commits behind")
                deadline = .distantFuture
            }
        }
    }

    private func copyAll() {
        while true {
            let next = condition.withLock { () -> CommitName? in
                while waiting.isEmpty, !isEnding { condition.wait() }
                return waiting.first
            }
            guard let next, let memory else { break }
            let isCopied = copy(next, from: memory)
            condition.withLock {
                waiting.removeFirst()
                condition.broadcast()
            }
            isCopied ? clearAway() : keepTwo(in: memory)
        }
        condition.withLock {
            isDone = true
            condition.broadcast()
        }
    }

    /// Takes a commit to shared storage. What refuses it now, a full disk say, is asked again: a commit that
    /// was acknowledged is not to be lost with its node when storage takes it a moment later.
    ///
    /// - Returns: whether it is there.
    private func copy(_ name: CommitName, from memory: String) -> Bool {
        while true {
            do {
                try require()
                try FileSystem.createFolder(folder)
                try CommitFile.copy(name, from: memory, to: folder)
                try FileSystem.remove(memory + "/" + name.fileName)
                refusedSince = nil
                return true
            } catch {
                let isFirst = refusedSince == nil
                if mayTryAgain(after: error) {
                    if isFirst { warn("commit \(name.step) waits for shared storage: \(error)") }
                    let pause = Date(timeIntervalSinceNow: Self.retrySeconds)
                    condition.withLock { while !isEnding, condition.wait(until: pause) {} }
                    if condition.withLock({ isEnding }) { Thread.sleep(forTimeInterval: Self.retrySeconds) }
                } else {
                    warn("commit \(name.step) stays in this node's memory only: \(error)")
                    return false
                }
            }
        }
    }

    private func mayTryAgain(after error: any Error) -> Bool {
        guard let error = error as? LockstepError, [.full, .io].contains(error.code),
            error.blamed(on: "").code != .configuration
        else { return false }
        let now = Date()
        refusedSince = refusedSince ?? now
        // Once that long, nothing more is asked twice before something was taken.
        return refusedSince.map { now.timeIntervalSince($0) < refusalSeconds } ?? true
    }

    /// Commits on shared storage, or in another folder.
    static func names(in folder: String) throws -> [CommitName] {
        try FileSystem.names(in: folder).compactMap { CommitName(fileName: $0) }
    }

    private func clearAway() {
        do {
            let names = try Self.names(in: folder)
            for name in CommitElection.superfluous(names) {
                try FileSystem.remove(folder + "/" + name.fileName)
            }
        } catch {
            warn("old commits stay in \(folder): \(error)")
        }
    }

    /// Where shared storage takes nothing, memory must not fill up.
    private func keepTwo(in memory: String) {
        do {
            let own = try Self.names(in: memory).filter { $0.attempt == attempt && $0.rank == rank }
            let queued = condition.withLock { Set(waiting) }
            for name in own.sorted(by: { $0.step > $1.step }).dropFirst(2) where !queued.contains(name) {
                try FileSystem.remove(memory + "/" + name.fileName)
            }
        } catch {
            warn("old commits stay in \(memory): \(error)")
        }
    }
}
