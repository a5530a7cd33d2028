import Diagnostics
import Storage

/// The checkpoints of a job: one folder each, `step-000000000120`, in a folder on shared storage.
///
/// A checkpoint comes to be by a rename, so one that is there is whole; a damaged one is renamed
/// `….damaged` and kept. One process writes at a time: rank 0 of the job's only attempt.
public struct CheckpointStore: Sendable {
    /// The folder, absolute.
    public let folder: String

    public init(folder: String) { self.folder = folder }

    private static let prefix = "step-"
    private static let damagedSuffix = ".damaged"
    private static let unfinishedPrefix = ".writing-"

    /// Path of the checkpoint after `step` steps, whether it is there or not.
    public func path(step: Int) -> String {
        let digits = String(step)
        return folder + "/" + Self.prefix + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    /// Steps of the checkpoints that are there, ascending; damaged ones set aside are not among them.
    public func steps() throws -> [Int] {
        try FileSystem.names(in: folder).compactMap { name in
            name.hasPrefix(Self.prefix) ? Int(name.dropFirst(Self.prefix.count)) : nil
        }.sorted()
    }

    /// Paths of the damaged checkpoints that were set aside.
    public func setAside() throws -> [String] {
        try FileSystem.names(in: folder)
            .filter { $0.hasPrefix(Self.prefix) && $0.contains(Self.damagedSuffix) }
            .map { folder + "/" + $0 }
    }

    /// Reads and fully checks the checkpoint after `step` steps.
    ///
    /// - Throws: `LockstepError(.damaged)` naming the file at fault.
    public func read(step: Int) throws -> (checkpoint: Checkpoint, description: CheckpointDescription) {
        let (checkpoint, description, _) = try readWithChain(step: step)
        return (checkpoint, description)
    }

    /// As `read`, with the commits since the checkpoint before.
    func readWithChain(step: Int) throws -> (Checkpoint, CheckpointDescription, CommitHistory) {
        let found = try CheckpointFiles.read(path(step: step))
        guard found.0.commit.step == step else {
            throw LockstepError(.damaged, "\(path(step: step)) holds step \(found.0.commit.step)")
        }
        return found
    }

    /// What a checkpoint says of itself, unchecked.
    public func description(step: Int) throws -> CheckpointDescription {
        try CheckpointFiles.description(in: path(step: step))
    }

    /// The newest checkpoint that verifies; damaged ones on the way are set aside.
    ///
    /// - Parameters:
    ///   - identity: of the job that wants to go on.
    ///   - report: gets one sentence for each damaged checkpoint.
    /// - Throws: `LockstepError(.conflict)` saying what differs when the checkpoint belongs to a job
    ///   with another identity.
    public func newest(identity: JobIdentity, report: (String) -> Void) throws -> Checkpoint? {
        for step in try steps().reversed() {
            do {
                let (checkpoint, description) = try read(step: step)
                try requireSame(identity, description, path(step: step))
                for channel in identity.channelsWithoutDigest(in: description.identity) {
                    report(
                        "\(path(step: step)) is of a Lockstep that kept no digest of the data: whether "
                            + "channel '\(channel)' has changed since then is not known")
                }
                return checkpoint
            } catch let error as LockstepError where error.code == .damaged {
                let kept = try setAside(path(step: step))
                report("\(error); it is kept as \(kept) and the checkpoint before it is used")
            }
        }
        return nil
    }

    /// Step and digest of the newest checkpoint, told by its description alone; `nil` without one, or
    /// where the description is damaged.
    ///
    /// - Throws: `LockstepError(.conflict)` when it belongs to a job with another identity.
    public func newestAnchor(identity: JobIdentity) throws -> HotStateElection.Anchor? {
        guard let step = try steps().last else { return nil }
        do {
            let description = try CheckpointFiles.checkedDescription(in: path(step: step))
            try requireSame(identity, description, path(step: step))
            guard let digest = ChainDigest(hexadecimal: description.chainDigest), description.step == step
            else { return nil }
            return HotStateElection.Anchor(step: step, digest: digest)
        } catch let error as LockstepError where error.code == .damaged {
            return nil  // Found out and told when the checkpoint itself is needed.
        }
    }

    private func requireSame(
        _ identity: JobIdentity, _ description: CheckpointDescription, _ path: String
    ) throws {
        let conflict = identity.conflict(
            with: description.identity, at: "\(path) is a checkpoint of job \(description.job)",
            advice: "name another CheckpointConfig.S3Uri or S3OutputPath, or another job")
        if let conflict { throw conflict }
    }

    /// Writes a checkpoint: files and folder synchronised under a temporary name, then renamed.
    ///
    /// - Parameter attempts: the record of the job's attempts as it is now.
    /// - Throws: `LockstepError(.io)` naming path and reason; nothing is left behind then.
    /// - Returns: the checkpoint's path.
    @discardableResult
    public func write(
        _ checkpoint: Checkpoint, since chain: CommitHistory, job: String, identity: JobIdentity,
        attempts: Certificate.Seal? = nil
    ) throws -> String {
        let files = try CheckpointFiles.encode(
            checkpoint, since: chain, job: job, identity: identity, attempts: attempts)
        let target = path(step: checkpoint.commit.step)
        let temporary = folder + "/" + Self.unfinishedPrefix + String(checkpoint.commit.step)
        do {
            try FileSystem.createFolder(folder)
            try FileSystem.remove(temporary)
            try FileSystem.createFolder(temporary)
            for file in files { try AtomicFile.writeThrough(file.bytes, to: temporary + "/" + file.name) }
            try FileSystem.synchronizeFolder(temporary)
            if try FileSystem.kind(of: target) != nil { try setAside(target) }
            try FileSystem.rename(temporary, to: target)
        } catch {
            try? FileSystem.remove(temporary)  // The first failure is the one to report.
            throw error
        }
        try FileSystem.synchronizeFolder(folder)
        return target
    }

    /// Removes all but the newest `count` checkpoints.
    ///
    /// Each is renamed out of sight first, so that a half-removed one is never taken for a damaged one.
    public func keep(newest count: Int) throws {
        for step in try steps().dropLast(max(1, count)) {
            let hidden = folder + "/" + Self.unfinishedPrefix + "removed-\(step)"
            try FileSystem.rename(path(step: step), to: hidden)
            try FileSystem.remove(hidden)
        }
    }

    /// Removes what an interrupted write or removal left behind. Only while no one writes.
    public func removeUnfinished() throws {
        for name in try FileSystem.names(in: folder) where name.hasPrefix(Self.unfinishedPrefix) {
            try FileSystem.remove(folder + "/" + name)
        }
    }

    @discardableResult
    private func setAside(_ path: String) throws -> String {
        try Quarantine.setAside(path, suffix: Self.damagedSuffix)
    }
}
