import Diagnostics
import Foundation
import Storage

/// What a finished job says of itself, in one small file beside its model: job, data, program, commits,
/// model and attempts, each by its digest. A cluster signs it.
public struct Certificate: Codable, Sendable, Equatable {
    /// A file as it was: size and SHA-256 as 64 hex digits.
    public struct Seal: Codable, Sendable, Equatable {
        public var byteCount: Int
        public var sha256: String

        init(_ bytes: some Collection<UInt8>) {
            byteCount = bytes.count
            sha256 = Checksum.sha256(Array(bytes))
        }

        /// - Throws: `LockstepError` naming the file.
        init(file path: String) throws {
            (byteCount, sha256) = try Checksum.sha256(file: path)
        }

        /// Whether the file begins with what was sealed.
        func isBeginning(of bytes: [UInt8]) -> Bool {
            bytes.count >= byteCount && Self(bytes.prefix(byteCount)) == self
        }
    }

    /// The events of an attempt, in the folder of its worker.
    public struct Events: Codable, Sendable, Equatable {
        /// Absolute, on the machine of rank 0.
        public var path: String
        public var seal: Seal
    }

    /// Name in the job's output folder, and of a copy in its history.
    public static let fileName = "certificate.json"

    /// Version of the file's layout: 1.
    public var format = 1
    public var job: String
    /// Hash of the job's identity, and the algorithm that is part of it.
    public var identity: String
    public var algorithm: String
    /// SHA-256 of each channel's content.
    public var data: [String: String]
    /// The training program of rank 0.
    public var program: Seal?
    /// Steps and records that the model was trained with.
    public var step: Int
    public var samples: Int
    /// Digest of all commits.
    public var chainDigest: String
    public var modelHash: String
    /// `model.tar.gz`, and SHA-256 of the files in it.
    public var artifact: Seal
    public var files: [String: String]
    /// `attempts.jsonl` in the job's history; `nil` where there is none.
    public var attempts: Seal?
    public var events: [Events]
    public var lockstepVersion: String
    /// Seconds since 1970.
    public var created: Double

    /// Takes in a finished job.
    ///
    /// - Parameters:
    ///   - history: folder of the job's history.
    ///   - eventFiles: `events.jsonl` of the attempts on this machine, absolute.
    ///   - program: path of the training program.
    public init(
        job: String, modelPath: String, history: String, eventFiles: [String], program: String
    ) throws {
        let description = try ModelArtifact(reading: modelPath).description
        let bytes = try AtomicFile.read(modelPath)
        let archive = try TarArchive(
            decoding: GzipBytes.decompress(bytes, source: modelPath), source: modelPath)
        self.job = job
        identity = description.identity.hash
        algorithm = description.algorithm
        data = description.identity.dataDigests
        step = description.step
        samples = description.samples
        chainDigest = description.chainDigest
        modelHash = description.modelHash
        artifact = Seal(bytes)
        files = Dictionary(archive.entries.map { ($0.name, Checksum.sha256($0.bytes)) }) { $1 }
        attempts = try AttemptLine.seal(in: history)
        // What another user's attempt left may be closed to this one: it is not sealed then.
        events = eventFiles.compactMap { path in
            (try? AtomicFile.read(path)).map { Events(path: path, seal: Seal($0)) }
        }
        self.program = (try? AtomicFile.read(program)).map { Seal($0) }
        lockstepVersion = LockstepVersion.current
        created = Date().timeIntervalSince1970
    }

    /// The file's bytes.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// Writes the certificate beside the model, and a copy into the history: it tells of a model that is
    /// gone.
    public func write(beside modelPath: String, history: String) throws {
        let bytes = try encoded()
        let folder = FileSystem.parent(of: modelPath) ?? "/"
        try AtomicFile.write(bytes, to: folder + "/" + Self.fileName)
        try AtomicFile.write(bytes, to: history + "/" + Self.fileName)
    }
}
