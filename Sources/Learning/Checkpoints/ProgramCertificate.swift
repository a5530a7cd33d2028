public import ClusterTypes
import Diagnostics
import Foundation
import Storage

/// What a finished script or MPI program left, by digests, in `certificate.json` beside its archives. The
/// cluster signs it like a built-in algorithm's. What such a program read and computed only the program
/// knows: the request, which names its code, data and hyperparameters, is bound, their content is not.
public struct ProgramCertificate: Codable, Sendable, Equatable {
    /// Version of the file's layout: 1.
    public var format = 1
    public var job: String
    /// Attempt that left the archives.
    public var attempt: Int
    /// `script` or `mpi`.
    public var kind: String
    /// SHA-256 of the job's request as the cluster has it.
    public var request: String
    /// `model.tar.gz`, and `output.tar.gz` where there is one.
    public var artifact: Certificate.Seal
    public var output: Certificate.Seal?
    public var lockstepVersion: String
    /// Seconds since 1970.
    public var created: Double

    /// Takes in what lies there.
    ///
    /// - Parameters:
    ///   - requestDigest: SHA-256 of the job's request as received, 64 hex digits.
    ///   - output: path of `output.tar.gz`; `nil`: this attempt has left none.
    /// - Throws: `LockstepError` naming the archive that cannot be read.
    public init(
        _ attempt: AttemptID, kind: String, requestDigest: String, model: String, output: String?
    ) throws {
        job = attempt.job.rawValue
        self.attempt = attempt.number
        self.kind = kind
        request = requestDigest
        artifact = try Certificate.Seal(file: model)
        self.output = try output.map { try Certificate.Seal(file: $0) }
        lockstepVersion = LockstepVersion.current
        created = Date().timeIntervalSince1970
    }

    /// Writes it beside the model.
    public func write(beside model: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
        try AtomicFile.write(bytes, to: Self.paths(beside: model)[0])
    }

    /// Removes one of an earlier attempt or job, with its signature: the archives change.
    public static func remove(beside model: String) throws {
        for path in paths(beside: model).reversed() { try FileSystem.remove(path) }
    }

    /// Certificate and signature.
    static func paths(beside model: String) -> [String] {
        let folder = FileSystem.parent(of: model) ?? "/"
        return [Certificate.fileName, CertificateSignature.fileName].map { "\(folder)/\($0)" }
    }
}
