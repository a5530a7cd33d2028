import Diagnostics
import Glibc
import Storage

/// The commits since the last durable checkpoint, in the node's shared memory: an append-only file
/// with the layout of `chain.bin`, rewritten by a rename when its beginning is no longer needed.
final class HotCommitFile {
    private let path: String
    private var descriptor: Int32 = -1
    private var tail: CommitTail?

    /// Records that must be superfluous before the file is rewritten.
    private let slack: Int

    init(_ path: String, slack: Int) {
        self.path = path
        self.slack = slack
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What an earlier attempt left; `nil` when it left nothing that makes sense.
    func load() -> CommitTail? {
        // A file that cannot be read is as good as none: its state is refused and a checkpoint used.
        guard let bytes = try? AtomicFile.read(path) else { return nil }
        return try? CommitTail(decoding: bytes, source: path)
    }

    /// Puts a tail in place of what is there.
    func replace(with tail: CommitTail) throws {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw LockstepError.system("create", temporary) }
        do {
            try AtomicFile.append(tail.encoded, to: file, path: temporary)
            try FileSystem.rename(temporary, to: path)
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        if descriptor >= 0 { close(descriptor) }
        descriptor = file
        self.tail = tail
    }

    /// Appends a commit, which must follow the last one.
    func append(_ record: CommitRecord) throws {
        tail?.append(record)
        try AtomicFile.append(record.encoded, to: descriptor, path: path)
    }

    /// Forgets commits up to `step`, once they are enough to be worth it.
    func trim(through step: Int) throws {
        guard let tail, step - tail.firstStep + 1 >= slack, tail.knownSteps.contains(step) else { return }
        try replace(with: tail.after(step))
    }

    /// Bytes of the file.
    var byteCount: Int {
        CommitHistory.headerByteCount + (tail?.records.count ?? 0) * CommitRecord.byteCount
    }
}
