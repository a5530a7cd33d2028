import CProcess
package import Diagnostics
import Glibc
import Synchronization

/// A file that one process holds at a time; the system lets it go when that process ends.
package final class LockFile: Sendable {
    private let descriptor: Mutex<Int32>

    /// Takes the lock.
    ///
    /// - Parameter conflict: the sentence to throw when another process holds it.
    /// - Throws: `.conflict`, or `.io` when the file cannot be made.
    package init(_ path: String, conflict: String) throws(LockstepError) {
        let result = cprocess_lock(path)
        if result == -EAGAIN { throw LockstepError(.conflict, conflict) }
        guard result >= 0 else {
            throw LockstepError(.io, "cannot lock \(path): \(String(cString: strerror(-result)))")
        }
        descriptor = Mutex(result)
    }

    deinit { release() }

    /// Lets another process have it.
    package func release() {
        descriptor.withLock { descriptor in
            // Said outright: a child that is between fork and exec has a copy of the descriptor.
            if descriptor >= 0 { cprocess_unlock(descriptor) }
            descriptor = -1
        }
    }

    /// Whether some process holds the lock of this file.
    package static func isHeld(_ path: String) -> Bool { cprocess_is_locked(path) == 1 }
}
