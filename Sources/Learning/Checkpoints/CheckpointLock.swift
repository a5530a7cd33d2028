import Diagnostics
import Foundation
import Glibc
import Storage

/// Keeps a folder of checkpoints to one job at a time, and to one attempt of it. Rank 0 has it.
///
/// `owner.json` says whose the folder is. Beside it lies a file that is locked (`flock`) for as long as the
/// owner's process lives, so a dead owner is in nobody's way. A job may always take over what is its own:
/// the attempt that loses the folder finds another token in `owner.json` before it writes, and writes no
/// more.
public final class CheckpointLock {
    private let folder: String
    private let owner: FolderOwner
    private let descriptor: Int32

    /// How long to wait for another job to end that does the same.
    private static let patienceSeconds = 5.0
    private static let fileName = ".owner.lock"

    /// Takes the folder, making it where it is missing.
    ///
    /// - Throws: `LockstepError(.conflict)` naming the other job, where one uses the folder or has
    ///   checkpoints there from which this job cannot go on, and naming the data that have changed since
    ///   the job's first attempt.
    public init(folder: String, owner: FolderOwner) throws {
        self.folder = folder
        self.owner = owner
        try FileSystem.createFolder(folder)
        let path = folder + "/" + Self.fileName
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
        try take()
    }

    deinit { close(descriptor) }

    /// Whether nobody else has taken the folder meanwhile; ask before every write.
    ///
    /// - Throws: `LockstepError(.conflict)` naming who has.
    public func requireOwnership() throws {
        guard let current = try FolderOwner.read(in: folder), current.token != owner.token else { return }
        let attempt = current.attempt.map { "attempt \($0) of " } ?? ""
        throw LockstepError(
            .conflict,
            "\(attempt)job \(current.job) has taken over \(folder), so this attempt writes nothing more")
    }

    private func take() throws {
        let start = DispatchTime.now().uptimeNanoseconds
        while let refusal = try refusal() {
            let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
            guard refusal.canPass, seconds < Self.patienceSeconds else { throw refusal.error }
            usleep(10_000)
        }
        // Of whomever the checkpoints are: this job must be able to go on from them.
        _ = try CheckpointStore(folder: folder).newestAnchor(identity: owner.identity)
        try owner.write(in: folder)
    }

    private func refusal() throws -> (error: LockstepError, canPass: Bool)? {
        let lock = tryLock()
        let earlier = try FolderOwner.read(in: folder)
        if let earlier, earlier.isSameJob(as: owner) {
            guard owner.attempt ?? 1 > 1 else { return nil }
            let conflict = owner.identity.conflict(
                with: earlier.identity, at: "job \(owner.job) has begun already",
                advice: "submit it under another name")
            return conflict.map { ($0, false) }
        }
        if lock == .held { return nil }
        guard let earlier else {
            return lock == .isNotSupported
                ? nil : (LockstepError(.conflict, "another process begins to use \(folder)"), true)
        }
        let conflict = owner.identity.conflict(
            with: earlier.identity, at: "\(folder) holds the checkpoints of job \(earlier.job)",
            advice: "name another CheckpointConfig.S3Uri")
        if let conflict { return (conflict, false) }
        if lock == .isNotSupported { return nil }
        return (
            LockstepError(
                .conflict,
                "job \(earlier.job) still writes its checkpoints in \(folder): wait until it is over, or "
                    + "name another CheckpointConfig.S3Uri"), true
        )
    }

    private enum Lock { case held, isTaken, isNotSupported }

    private func tryLock() -> Lock {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            return errno == EWOULDBLOCK ? .isTaken : .isNotSupported
        }
        return .held
    }
}
