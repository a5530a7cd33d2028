import Diagnostics
import Foundation
import Storage

#if canImport(Glibc)
    import Glibc
#endif

extension ProgramPlan {
    /// Reads `plan.json`.
    ///
    /// - Parameter digest: its SHA-256; the file lies where jobs may write. `nil`: nobody knows it.
    /// - Throws: `LockstepError` naming the file.
    public static func read(_ path: String, digest: String? = nil) throws -> ProgramPlan {
        let bytes = try AtomicFile.read(path)
        guard digest == nil || digest == Checksum.sha256(bytes) else {
            throw LockstepError(.damaged, "\(path) was changed after the supervisor had written it")
        }
        return try decode(bytes, path)
    }

    /// Where the host of that rank leaves its `model` and `output` for the supervisor.
    public func staging(_ rank: Int) -> String { "\(folder)/\(hosts[rank].name)" }
}

extension WorkerSettings {
    /// The file that `environment` names; without one, settings for a run by hand.
    ///
    /// - Throws: `LockstepError` naming the file.
    public static func read(_ environment: [String: String], worker: String? = nil) throws -> WorkerSettings {
        if let path = environment[variable], !path.isEmpty { return try decodeFile(path) }
        let temporary = environment["TMPDIR"] ?? "/tmp"
        return WorkerSettings(
            worker: worker ?? "local", slots: 1, scratch: "\(temporary)/lockstep-programs-\(geteuid())")
    }
}

private func decodeFile<Value: Decodable>(_ path: String) throws -> Value {
    try decode(AtomicFile.read(path), path)
}

private func decode<Value: Decodable>(_ bytes: [UInt8], _ path: String) throws -> Value {
    do {
        return try JSONDecoder().decode(Value.self, from: Data(bytes))
    } catch let error as DecodingError {
        throw LockstepError(.damaged, "cannot read \(path)", cause: error)
    }
}
