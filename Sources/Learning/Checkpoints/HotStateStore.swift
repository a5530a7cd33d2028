import Diagnostics
import Glibc
import Storage

/// The hot state of a job on one node: the last committed states in a folder of shared memory.
///
/// Two buffers are written in turn, so one whole state is there at every instant; beside them lie the
/// commits since the last durable checkpoint. The folder belongs to the worker, which removes it when
/// the job is over; one process writes at a time.
///
/// `@unchecked Sendable`: `HotStateHolder` sees to it that buffers and commits are each touched by one
/// thread at a time.
public final class HotStateStore: @unchecked Sendable {
    /// In the node's shared memory, absolute.
    public let folder: String
    private let identity: [UInt8]
    private let lock: Int32
    private let buffers: [HotStateBuffer]
    private let commits: HotCommitFile
    /// Which buffer holds the newest state, and which step that is.
    private var newestIndex = 0
    private var newestStep: Int?

    private static let bufferNames = ["a", "b"]
    private static let commitsName = "commits"
    /// How long to wait for a writer of an ended attempt to be gone.
    private static let lockPatienceMilliseconds = 2000

    /// Opens the folder for writing, making it where it is missing.
    ///
    /// - Parameters:
    ///   - identity: states of jobs with another one are not seen.
    ///   - slack: commits that may stay behind the durable step, to save rewriting.
    /// - Throws: `LockstepError(.io)` naming the path; `.conflict` when another process writes there.
    public init(folder: String, identity: JobIdentity, slack: Int = 256) throws {
        self.folder = folder
        self.identity = ChainDigest(hexadecimal: identity.hash)?.bytes ?? []
        try FileSystem.createFolder(folder)
        lock = try Self.takeLock(folder + "/lock")
        do {
            buffers = try Self.bufferNames.map { try HotStateBuffer(folder + "/" + $0) }
        } catch {
            close(lock)
            throw error
        }
        commits = HotCommitFile(folder + "/" + Self.commitsName, slack: slack)
    }

    deinit { close(lock) }

    /// Bytes of the node's memory that the hot state takes.
    public var byteCount: Int { buffers.reduce(commits.byteCount) { $0 + $1.byteCount } }

    /// Step of the newest state in a folder, whoever's it is and whole or not; for a first glance.
    public static func newestStep(in folder: String) -> Int? {
        bufferNames.compactMap { name -> Int? in
            let path = folder + "/" + name
            guard (try? FileSystem.kind(of: path)) == .file else { return nil }
            return (try? HotStateBuffer(path))?.header?.commit.step
        }.max()
    }

    /// The newest whole state of the job; the older one where the newer is torn.
    public func newest() -> Checkpoint? {
        let order = buffers.indices.compactMap { index in
            buffers[index].header.map { (index: index, step: $0.commit.step) }
        }.sorted { $0.step > $1.step }
        for (index, _) in order {
            if let checkpoint = buffers[index].read(identity: identity) { return checkpoint }
        }
        return nil
    }

    /// The commits that an earlier attempt left behind.
    public func tail() -> CommitTail? { commits.load() }

    /// Makes this state, on which the world has agreed, the only one; anything else there is forgotten.
    ///
    /// - Parameter tail: leads to it.
    public func adopt(_ checkpoint: Checkpoint, tail: CommitTail) throws {
        // The commits first: they lead to the states that are there as well as to this one.
        try commits.replace(with: tail)
        let agreed = buffers.firstIndex { buffer in
            buffer.header.map {
                $0.commit.step == checkpoint.commit.step && $0.digest == checkpoint.digest
                    && $0.identity == identity
            } ?? false
        }
        if let agreed, buffers[agreed].read(identity: identity)?.commit == checkpoint.commit {
            buffers[1 - agreed].invalidate()
            newestIndex = agreed
        } else {
            // Over one that is not whole, if there is one, else over the older.
            let steps = buffers.map { $0.header?.commit.step ?? -1 }
            newestIndex = steps[0] < steps[1] ? 1 : 0
            try write(checkpoint)
            buffers[1 - newestIndex].invalidate()
        }
        newestStep = checkpoint.commit.step
        // Taken now: shared memory that is too small is found before the first step.
        try buffers[1 - newestIndex].reserve(TensorTable(checkpoint.state))
    }

    /// Appends a commit; before its state is written.
    public func append(_ record: CommitRecord) throws { try commits.append(record) }

    /// Writes a state over the older of the two.
    public func write(_ checkpoint: Checkpoint) throws {
        let target = buffers[1 - newestIndex]
        try target.fill(checkpoint, identity: identity)
        target.publish()
        newestIndex = 1 - newestIndex
        newestStep = checkpoint.commit.step
    }

    /// Writes as `write` does and stops before the last instruction, as a death would. For tests.
    package func writeTorn(_ checkpoint: Checkpoint) throws {
        try buffers[1 - newestIndex].fill(checkpoint, identity: identity)
    }

    /// The commits up to `step` are durable.
    public func trim(through step: Int) throws { try commits.trim(through: step) }

    /// Gives the memory back; nothing is held any more.
    public func remove() {
        for buffer in buffers {
            buffer.invalidate()
            unlink(buffer.path)
        }
        unlink(folder + "/" + Self.commitsName)
    }

    private static func takeLock(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
        for _ in 0..<lockPatienceMilliseconds {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            usleep(1000)
        }
        close(descriptor)
        throw LockstepError(.conflict, "another process still writes the hot state in \(path)")
    }
}
