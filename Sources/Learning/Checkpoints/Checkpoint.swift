import Diagnostics
import Foundation
import Storage
public import Tensors

/// A committed state with all that is needed to go on from it.
public struct Checkpoint: Sendable, Equatable {
    public let commit: CommitRecord
    /// Digest of the job's commits up to this one.
    public let digest: ChainDigest
    public let state: NamedTensors

    public init(commit: CommitRecord, digest: ChainDigest, state: NamedTensors) {
        self.commit = commit
        self.digest = digest
        self.state = state
    }
}

/// `checkpoint.json`: what a checkpoint is, readable without its tensors.
public struct CheckpointDescription: Codable, Sendable, Equatable {
    /// Version of the folder's layout.
    public var format: Int
    /// Job that wrote it.
    public var job: String
    /// Steps done, and records used in them.
    public var step: Int
    public var samples: Int
    /// Ranks at the time.
    public var world: Int
    /// 16 hex digits: the commit's hash of the state.
    public var stateHash: String
    /// 64 hex digits: `NamedTensors.sha256` of the state.
    public var stateSHA256: String
    /// 64 hex digits: digest of all commits up to this one.
    public var chainDigest: String
    public var identity: JobIdentity
    /// Seconds since 1970.
    public var created: Double
    /// The record of the job's attempts as it was then; `nil` in old checkpoints.
    public var attempts: Certificate.Seal?

    static let currentFormat = 1

    /// A `UInt64` as 16 hex digits.
    public static func hexadecimal(_ hash: UInt64) -> String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The files of one checkpoint's folder.
enum CheckpointFiles {
    static let state = "state.safetensors"
    static let description = "checkpoint.json"
    static let chain = "chain.bin"
    /// `sha256sum --check SHA256SUMS` in the folder checks it by hand.
    static let sums = "SHA256SUMS"
    static let summed = [chain, description, state]

    /// The files' bytes by name, `SHA256SUMS` among them.
    static func encode(
        _ checkpoint: Checkpoint, since chain: CommitHistory, job: String, identity: JobIdentity,
        attempts: Certificate.Seal?
    ) throws -> [(name: String, bytes: [UInt8])] {
        let commit = checkpoint.commit
        let description = CheckpointDescription(
            format: CheckpointDescription.currentFormat, job: job, step: commit.step,
            samples: commit.samples, world: commit.world,
            stateHash: CheckpointDescription.hexadecimal(commit.stateHash),
            stateSHA256: checkpoint.state.sha256, chainDigest: checkpoint.digest.hexadecimal,
            identity: identity, created: Date().timeIntervalSince1970, attempts: attempts)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var files: [(name: String, bytes: [UInt8])] = [
            (self.chain, chain.encoded),
            (self.description, [UInt8](try encoder.encode(description)) + [UInt8(ascii: "\n")]),
            (state, try Safetensors.encode(checkpoint.state)),
        ]
        let sums = files.map { "\(Checksum.sha256($0.bytes))  \($0.name)\n" }.joined()
        files.append((self.sums, [UInt8](sums.utf8)))
        return files
    }

    /// Reads a checkpoint's folder and checks all there is to check: each file's checksum, the
    /// state's hashes against the description, the digest against the commits since the last one.
    ///
    /// - Throws: `LockstepError(.damaged)` naming the file at fault.
    static func read(_ folder: String) throws -> (Checkpoint, CheckpointDescription, CommitHistory) {
        var files: [String: [UInt8]] = [:]
        let sums = try checksums(folder)
        for name in summed {
            let bytes = try present(folder, name)
            guard sums[name] == Checksum.sha256(bytes) else {
                throw LockstepError(.damaged, "\(folder)/\(name) does not match its checksum")
            }
            files[name] = bytes
        }
        let description = try describe(files[self.description] ?? [], folder)
        let state = try Safetensors.decode(files[self.state] ?? [], source: "\(folder)/\(self.state)")
        let chain = try CommitHistory(decoding: files[self.chain] ?? [], source: "\(folder)/\(self.chain)")
        guard let commit = chain[description.step], let digest = chain.digest(upTo: description.step),
            digest.hexadecimal == description.chainDigest, commit.samples == description.samples
        else {
            throw LockstepError(.damaged, "\(folder)/\(self.chain) does not lead to the checkpoint's digest")
        }
        guard state.sha256 == description.stateSHA256, state.stateHash == commit.stateHash else {
            throw LockstepError(.damaged, "\(folder)/\(self.state) is not the state that was committed")
        }
        return (Checkpoint(commit: commit, digest: digest, state: state), description, chain)
    }

    /// `checkpoint.json` alone, against its checksum.
    static func checkedDescription(in folder: String) throws -> CheckpointDescription {
        let bytes = try present(folder, description)
        guard try checksums(folder)[description] == Checksum.sha256(bytes) else {
            throw LockstepError(.damaged, "\(folder)/\(description) does not match its checksum")
        }
        return try describe(bytes, folder)
    }

    /// `checkpoint.json` alone, unchecked, for listings.
    static func description(in folder: String) throws -> CheckpointDescription {
        try describe(try present(folder, description), folder)
    }

    private static func describe(_ bytes: [UInt8], _ folder: String) throws -> CheckpointDescription {
        let path = "\(folder)/\(description)"
        let decoded: CheckpointDescription
        do {
            decoded = try JSONDecoder().decode(CheckpointDescription.self, from: Data(bytes))
        } catch {
            throw LockstepError(.damaged, "\(path) does not describe a checkpoint")
        }
        guard decoded.format == CheckpointDescription.currentFormat else {
            throw LockstepError(
                .configuration, "\(path) has format \(decoded.format); this Lockstep reads format 1")
        }
        return decoded
    }

    private static func checksums(_ folder: String) throws -> [String: String] {
        var sums: [String: String] = [:]
        let text = String(decoding: try present(folder, self.sums), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            if parts.count == 2 { sums[String(parts[1])] = String(parts[0]) }
        }
        return sums
    }

    /// A file that has to be there: its absence is damage.
    private static func present(_ folder: String, _ name: String) throws -> [UInt8] {
        do {
            return try AtomicFile.read("\(folder)/\(name)")
        } catch let error as LockstepError where error.code == .notFound {
            throw LockstepError(.damaged, "\(folder)/\(name) is missing")
        }
    }
}
