import Diagnostics
import Foundation
import Storage

/// Whose states a folder holds: `owner.json` in a folder of checkpoints, and in a node's hot state.
public struct FolderOwner: Codable, Sendable, Equatable {
    /// Name in the folder.
    public static let fileName = "owner.json"

    public var job: String
    /// `S3OutputPath/JOB`: tells jobs of one name apart.
    public var jobFolder: String
    /// Number in a cluster; `nil` for a run by hand.
    public var attempt: Int?
    /// Another one in every run.
    public var token: String
    public var identity: JobIdentity
    /// Seconds since 1970.
    public var since: Double

    public init(job: String, jobFolder: String, attempt: Int?, identity: JobIdentity) {
        self.job = job
        self.jobFolder = jobFolder
        self.attempt = attempt
        self.identity = identity
        token = UUID().uuidString
        since = Date().timeIntervalSince1970
    }

    /// Whether both are attempts of one job.
    public func isSameJob(as other: FolderOwner) -> Bool {
        job == other.job && jobFolder == other.jobFolder
    }

    /// The owner that a folder names; `nil` without one, or when the file makes no sense.
    public static func read(in folder: String) throws -> FolderOwner? {
        let path = folder + "/" + fileName
        guard try FileSystem.kind(of: path) == .file else { return nil }
        return try? JSONDecoder().decode(FolderOwner.self, from: Data(AtomicFile.read(path)))
    }

    /// Writes `owner.json`, whole or not at all.
    public func write(in folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
        try AtomicFile.write(bytes, to: folder + "/" + Self.fileName)
    }
}
