import CProcess
import Diagnostics
import Glibc
import Storage

/// A host's own copy of a channel: plain files and folders that the program may change, while what lies on
/// shared storage stays as it is.
struct ChannelCopy {
    /// The channel's folder in the tree.
    let folder: FileName
    /// Whether the program finds it closed to writing.
    let isReadOnly: Bool

    /// - Parameter folders: all that are above the files in the channel, each before those inside.
    /// - Throws: `LockstepError` naming the path.
    func make(_ files: [ChannelFiles.File], folders: [FileName]) throws {
        try Self.checkLengths(files, in: folder)
        try makeFolder(folder)
        for name in folders { try makeFolder(folder.appending(name)) }
        for file in files {
            try copy(file, to: folder.appending(file.name))
        }
        guard isReadOnly else { return }
        for name in folders.reversed() { try setMode(folder.appending(name), 0o555) }
        try setMode(folder, 0o555)
    }

    /// The system takes paths of 4,095 bytes, and the host's own folder comes before a file's name.
    ///
    /// - Throws: `LockstepError(.data)` naming the first file that no program could open.
    static func checkLengths(_ files: [ChannelFiles.File], in folder: FileName) throws {
        let room = Int(PATH_MAX) - 2 - folder.bytes.count
        guard let long = files.first(where: { $0.name.bytes.count > room }) else { return }
        let channel = folder.printable.split(separator: "/").last ?? ""
        throw LockstepError(
            .data,
            "InputDataConfig channel \(channel): the file \(long.name.printable.prefix(60))… has a path of "
                + "\(long.name.bytes.count) bytes, and at most \(room) find room behind the host's own "
                + "folder: nest it less deeply")
    }

    private func makeFolder(_ path: FileName) throws {
        if path.withCString({ mkdir($0, 0o755) }) != 0 {
            guard errno == EEXIST else { throw LockstepError.system("make folder", path.printable) }
        }
        // The umask may be narrower than SageMaker's.
        try setMode(path, 0o755)
    }

    private func setMode(_ path: FileName, _ mode: mode_t) throws {
        guard path.withCString({ chmod($0, mode) }) == 0 else {
            throw LockstepError.system("set the mode of", path.printable)
        }
    }

    private func copy(_ file: ChannelFiles.File, to target: FileName) throws {
        let from = file.path.withCString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard from >= 0 else { throw LockstepError.system("open", file.path.printable) }
        defer { close(from) }
        let to = target.withCString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        guard to >= 0 else { throw LockstepError.system("create", target.printable) }
        defer { close(to) }
        // Storage that can share blocks does, and a later write to either touches that one alone.
        while true {
            let count = cprocess_copy_range(from, to)
            if count == 0 { break }
            if count < 0, errno == EINTR { continue }
            guard count < 0 else { continue }
            guard [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, EIO].contains(errno) else {
                throw LockstepError.system("copy \(file.path.printable) to", target.printable)
            }
            break
        }
        // From where both stand to the end.
        try FileSystem.readPieces(of: from, path: file.path.printable) {
            try AtomicFile.append(Array($0), to: to, path: target.printable)
        }
        let mode: mode_t = (file.isExecutable ? 0o755 : 0o644) & (isReadOnly ? 0o555 : 0o777)
        guard fchmod(to, mode) == 0 else { throw LockstepError.system("set the mode of", target.printable) }
    }
}
