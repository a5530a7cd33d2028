package import Diagnostics
import Glibc

extension JobUser {
    /// Makes a folder in which the job's processes may do as they like, and no other job's.
    ///
    /// It belongs to this process and is open to the job's group, so that it can neither be put aside nor
    /// opened to others. Its parent must be this process's alone to write to.
    ///
    /// - Parameter isWritable: false: the job's processes may only look and go through.
    /// - Throws: `LockstepError` naming the path.
    package func makeRoom(_ path: String, isWritable: Bool = true) throws(LockstepError) {
        mkdir(path, 0o700)
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw LockstepError(.io, "cannot make the folder \(path): \(String(cString: strerror(errno)))")
        }
        let mode: mode_t = isWritable ? 0o770 : 0o750
        if let group = groups.first, lchown(path, geteuid(), group) == 0, chmod(path, mode) == 0 { return }
        // Where the system does not know such a group: the user's own folder.
        try give(path)
        guard chmod(path, 0o700) == 0 else {
            throw LockstepError(.io, "cannot close \(path): \(String(cString: strerror(errno)))")
        }
    }
}
