import CProcess
import Diagnostics
import Foundation
import Glibc

/// The coordinator's data folder, held by one process at a time.
final class DataFolder: Sendable {
    private let lock: Int32

    /// Makes the folder and takes its lock.
    ///
    /// - Throws: `.conflict` when another coordinator holds it.
    init(_ configuration: CoordinatorConfiguration) throws(LockstepError) {
        do {
            try FileManager.default.createDirectory(
                atPath: configuration.dataFolder, withIntermediateDirectories: true)
        } catch {
            throw LockstepError(.io, "cannot make the folder \(configuration.dataFolder)", cause: error)
        }
        lock = cprocess_lock(configuration.lockFile)
        if lock == -EAGAIN {
            throw LockstepError(
                .conflict,
                "another coordinator runs on \(configuration.dataFolder): stop it or choose another --data-dir")
        }
        guard lock >= 0 else {
            throw LockstepError(
                .io, "cannot lock \(configuration.lockFile): \(String(cString: strerror(-lock)))")
        }
    }

    deinit { if lock >= 0 { close(lock) } }
}
