import Diagnostics
import Glibc
import Storage

/// A file of a job's code that is being written: readable by everyone, whatever the umask.
final class PlainFile {
    private let descriptor: Int32
    private let path: FileName

    /// - Throws: `LockstepError` naming the path, also where something is there already.
    init(creating path: FileName, isExecutable: Bool) throws {
        self.path = path
        let mode: mode_t = isExecutable ? 0o755 : 0o644
        descriptor = path.withCString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) }
        guard descriptor >= 0 else { throw LockstepError.system("create", path.printable) }
        guard fchmod(descriptor, mode) == 0 else {
            throw LockstepError.system("set the mode of", path.printable)
        }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try AtomicFile.append(Array(bytes), to: descriptor, path: path.printable)
    }
}
