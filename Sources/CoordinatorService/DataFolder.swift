import CProcess
import Diagnostics
import Foundation
import Glibc
import Synchronization

/// The coordinator's data folder, held by one process at a time.
final class DataFolder: Sendable {
    private let lock = Mutex<Int32>(-1)

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
        let descriptor = cprocess_lock(configuration.lockFile)
        if descriptor == -EAGAIN {
            throw LockstepError(
                .conflict,
                "another coordinator runs on \(configuration.dataFolder): stop it or choose another --data-dir")
        }
        guard descriptor >= 0 else {
            throw LockstepError(
                .io, "cannot lock \(configuration.lockFile): \(String(cString: strerror(-descriptor)))")
        }
        lock.withLock { $0 = descriptor }
    }

    deinit { release() }

    /// Lets another coordinator have the folder.
    func release() {
        lock.withLock { descriptor in
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }
    }
}
