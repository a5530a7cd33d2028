import Diagnostics
import Foundation
import Storage
public import Tensors

/// `model.json` in `model.tar.gz`: what the model is and where it comes from. The same for every
/// world size.
public struct ModelDescription: Codable, Sendable, Equatable {
    /// Version of the file's layout: 1.
    public var format: Int
    /// `linear-learner`, `kmeans`, …
    public var algorithm: String
    /// The algorithm's own facts: predictor type, threshold, k, …
    public var description: [String: String]
    /// Hyperparameters after checking, defaults among them.
    public var hyperparameters: [String: String]
    /// Width of a record.
    public var featureCount: Int
    /// 64 hex digits: `NamedTensors.sha256` of the tensors.
    public var modelHash: String
    /// Steps and records it was trained with.
    public var step: Int
    public var samples: Int
    /// 64 hex digits: digest of all commits.
    public var chainDigest: String
    public var identity: JobIdentity
    public var lockstepVersion: String

    public init(
        algorithm: String, description: [String: String], hyperparameters: [String: String],
        featureCount: Int, modelHash: String, step: Int, samples: Int, chainDigest: String,
        identity: JobIdentity
    ) {
        format = 1
        self.algorithm = algorithm
        self.description = description
        self.hyperparameters = hyperparameters
        self.featureCount = featureCount
        self.modelHash = modelHash
        self.step = step
        self.samples = samples
        self.chainDigest = chainDigest
        self.identity = identity
        lockstepVersion = LockstepVersion.current
    }
}

/// A trained model as a file: `model.tar.gz` with `model.safetensors` and `model.json`.
public struct ModelArtifact: Sendable, Equatable {
    static let tensorsName = "model.safetensors"
    static let descriptionName = "model.json"

    public let tensors: NamedTensors
    public let description: ModelDescription

    public init(tensors: NamedTensors, description: ModelDescription) {
        self.tensors = tensors
        self.description = description
    }

    /// The file's bytes; the same model always gives the same bytes.
    public func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = [UInt8](try encoder.encode(description)) + [UInt8(ascii: "\n")]
        let archive = TarArchive([
            TarArchive.Entry(name: Self.tensorsName, bytes: try Safetensors.encode(tensors)),
            TarArchive.Entry(name: Self.descriptionName, bytes: json),
        ])
        return try GzipBytes.compress(archive.encoded())
    }

    /// Puts the model at `path`, whole or not at all.
    public func write(to path: String) throws {
        if let folder = FileSystem.parent(of: path) { try FileSystem.createFolder(folder) }
        try AtomicFile.write(encoded(), to: path)
    }

    /// What lies in the archive at `path` beside the model's two files: a file's name, or words for what
    /// has none; `nil`: nothing.
    static func stranger(in path: String) throws -> String? {
        let bytes = try GzipBytes.decompress(AtomicFile.read(path), source: path)
        let archive = try TarArchive(decoding: bytes, source: path)
        if let other = archive.entries.first(where: { ![tensorsName, descriptionName].contains($0.name) }) {
            return other.name
        }
        guard archive.entries.count == 2 else { return "a file twice" }
        return try archive.encoded() == bytes ? nil : "entries that are no files"
    }

    /// Reads a model and checks its tensors against the hash in its description.
    ///
    /// - Throws: `LockstepError(.notFound)`, or `.damaged` naming the path and what is wrong.
    public init(reading path: String) throws {
        let archive: TarArchive
        do {
            archive = try TarArchive(
                decoding: GzipBytes.decompress(AtomicFile.read(path), source: path), source: path)
        } catch let error as LockstepError where error.code == .data {
            throw LockstepError(.damaged, error.message)
        }
        guard let json = archive[Self.descriptionName], let bytes = archive[Self.tensorsName] else {
            throw LockstepError(
                .damaged, "\(path) holds no \(Self.descriptionName) and \(Self.tensorsName)")
        }
        do {
            description = try JSONDecoder().decode(ModelDescription.self, from: Data(json))
        } catch {
            throw LockstepError(.damaged, "\(Self.descriptionName) in \(path) does not describe a model")
        }
        tensors = try Safetensors.decode(bytes, source: "\(Self.tensorsName) in \(path)")
        guard tensors.sha256 == description.modelHash else {
            throw LockstepError(.damaged, "the tensors in \(path) do not have the hash in its description")
        }
    }
}
