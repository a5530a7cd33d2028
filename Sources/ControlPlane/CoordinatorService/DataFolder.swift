import Diagnostics
import Foundation
import Processes

/// The coordinator's data folder, held by one process at a time.
enum DataFolder {
    /// Makes the folder and takes its lock.
    ///
    /// - Throws: `.conflict` when another coordinator holds it.
    static func take(_ configuration: CoordinatorConfiguration) throws(LockstepError) -> LockFile {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.dataFolder, withIntermediateDirectories: true)
            // Requests, environments and logs of all jobs lie there.
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o700], ofItemAtPath: configuration.dataFolder)
        } catch {
            throw LockstepError(.io, "cannot make the folder \(configuration.dataFolder)", cause: error)
        }
        return try LockFile(
            configuration.lockFile,
            conflict: "another coordinator runs on \(configuration.dataFolder): "
                + "stop it or choose another --data-dir")
    }
}
