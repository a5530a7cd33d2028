import Diagnostics
import Foundation
import Storage

/// Appends a job's commits to `history/chain.bin`, and a line for each attempt to
/// `history/attempts.jsonl`. Rank 0 only.
final class HistoryWriter {
    /// Of the history, absolute.
    let folder: String
    private let file: RecordFile
    private let firstStep: Int
    private var nextStep: Int

    /// Opens the history of a job whose next commit is `nextStep`, and cuts off what follows: commits
    /// of an earlier attempt that no checkpoint holds.
    ///
    /// - Parameters:
    ///   - digest: of the commits before `nextStep`, as the checkpoint has it.
    ///   - report: gets a sentence when the old history does not fit and was set aside.
    init(folder: String, nextStep: Int, digest: ChainDigest, report: (String) -> Void) throws {
        self.folder = folder
        try FileSystem.createFolder(folder)
        let path = folder + "/" + CommitHistory.fileName
        let kept = try Self.usable(path, nextStep: nextStep, digest: digest, report: report)
        firstStep = kept ?? nextStep
        self.nextStep = nextStep
        if kept == nil {
            try AtomicFile.write(CommitHistory.header(firstStep: nextStep, digestBefore: digest), to: path)
        }
        file = try RecordFile(path, length: Self.offset(of: nextStep, from: firstStep))
    }

    /// First step of the history that is there, if it leads to `digest`.
    private static func usable(
        _ path: String, nextStep: Int, digest: ChainDigest, report: (String) -> Void
    ) throws -> Int? {
        guard try FileSystem.kind(of: path) != nil else { return nil }
        var reason = "does not lead to the checkpoint of step \(nextStep - 1)"
        do {
            let bytes = try AtomicFile.read(path)
            let (first, before) = try CommitHistory.readHeader(bytes, source: path)
            if first == nextStep, before == digest { return first }
            let history = try CommitHistory(decoding: bytes, source: path)
            if history.digest(upTo: nextStep - 1) == digest { return first }
        } catch let error as LockstepError where error.code == .damaged {
            reason = error.message
        }
        let kept = try Quarantine.setAside(path)
        report("\(path) \(reason); it is kept as \(kept) and a new history begins at step \(nextStep)")
        return nil
    }

    private static func offset(of step: Int, from firstStep: Int) -> Int {
        CommitHistory.headerByteCount + (step - firstStep) * CommitRecord.byteCount
    }

    /// Appends commits, which must follow the last one; they are durable on return.
    func append(_ records: ArraySlice<CommitRecord>) throws {
        guard let first = records.first, let last = records.last else { return }
        precondition(first.step == nextStep, "commit \(first.step) does not follow \(nextStep - 1)")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * CommitRecord.byteCount)
        for record in records { bytes += record.encoded }
        try file.write(bytes, at: Self.offset(of: nextStep, from: firstStep))
        nextStep = last.step + 1
    }
}

/// A line of `history/attempts.jsonl`: who took the steps from `firstStep` on.
public struct AttemptLine: Codable, Sendable, Equatable {
    public static let fileName = "attempts.jsonl"
    /// First step still to do when the attempt began.
    public var firstStep: Int
    /// Ranks, and threads of each.
    public var world: Int
    public var threads: Int
    /// Seconds since 1970.
    public var time: Double
    /// Number of the attempt in a cluster, from 1; `nil` for a run by hand.
    public var attempt: Int?
    /// What the state was taken from: `start`, `checkpoint` or `hot state`; `nil` in old files.
    public var source: String?
    /// Name of each rank's worker, in order of rank; empty names outside of a cluster.
    public var workers: [String]?
    /// The job, whose checkpoints may lie among those of another; `nil` in old files.
    public var job: String?

    public init(
        firstStep: Int, world: Int, threads: Int, time: Double, attempt: Int? = nil, source: String? = nil,
        workers: [String]? = nil, job: String? = nil
    ) {
        self.firstStep = firstStep
        self.world = world
        self.threads = threads
        self.time = time
        self.attempt = attempt
        self.source = source
        self.workers = workers
        self.job = job
    }

    /// Appends the line to the history in `folder`.
    package func append(in folder: String) throws {
        let path = folder + "/" + Self.fileName
        let old = try FileSystem.kind(of: path) == nil ? [] : AtomicFile.read(path)
        let line = [UInt8](try JSONEncoder().encode(self)) + [UInt8(ascii: "\n")]
        try RecordFile(path, length: old.count).write(line, at: old.count)
    }

    /// The file as it is; `nil` without one.
    static func seal(in folder: String) throws -> Certificate.Seal? {
        let path = folder + "/" + fileName
        return try FileSystem.kind(of: path) == nil ? nil : Certificate.Seal(AtomicFile.read(path))
    }

    /// All attempts of a job; lines that cannot be read are passed over.
    public static func all(in folder: String) throws -> [AttemptLine] {
        let path = folder + "/" + fileName
        guard try FileSystem.kind(of: path) != nil else { return [] }
        return try AtomicFile.read(path).split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(AttemptLine.self, from: Data($0))
        }
    }
}
