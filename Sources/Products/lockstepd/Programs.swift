import Diagnostics
import Foundation

/// Where the programs of this release lie.
enum Programs {
    /// The file this process runs.
    static func own() throws -> String {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            throw LockstepError(.io, "cannot find out where lockstepd lies", cause: error)
        }
    }

    /// The program of a rank: LOCKSTEP_TRAIN, or `lockstep-train` beside the daemon.
    static func train(beside daemon: String) -> String {
        if let path = ProcessInfo.processInfo.environment["LOCKSTEP_TRAIN"], !path.isEmpty {
            return absolute(path)
        }
        return URL(fileURLWithPath: daemon).deletingLastPathComponent().path + "/lockstep-train"
    }

    static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardized.path }
}
