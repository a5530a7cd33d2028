import Diagnostics

#if canImport(Glibc)
    package import Glibc
#endif

/// A folder that is open: what lies in it by name, links never followed, so that a program which changes
/// the paths to it changes nothing here. Errors name the path.
package final class OpenFolder {
    package let descriptor: Int32
    /// For messages.
    package let path: String

    /// Opens the folder at a path; links on the way are followed.
    package init(_ path: String) throws {
        descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
    }

    /// The same by bytes; not where the path's end is a link.
    package init(_ path: FileName) throws {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        descriptor = path.withCString { Glibc.open($0, flags) }
        self.path = path.printable
        guard descriptor >= 0 else { throw LockstepError.system("open", self.path) }
    }

    private init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    package func path(of name: FileName) -> String { "\(path)/\(name.printable)" }

    /// Names in it, in byte order, without `.` and `..`.
    package func names() throws -> [FileName] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            let error = LockstepError.system("list", path)
            if copy >= 0 { close(copy) }
            throw error
        }
        defer { closedir(stream) }
        var names: [FileName] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
                    FileName(Array(UnsafeBufferPointer(start: bytes, count: 256).prefix { $0 != 0 }))
                }
            }
            if name != Self.own, name != Self.above { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw LockstepError.system("list", path) }
        return names.sorted()
    }

    private static let own = FileName(".")
    private static let above = FileName("..")

    /// What lies there; `nil` when nothing does.
    package func status(of name: FileName) throws -> stat? {
        var status = stat()
        let result = name.withCString { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return status }
        if errno == ENOENT { return nil }
        throw LockstepError.system("look at", path(of: name))
    }

    package func kind(of name: FileName) throws -> FileTree.Kind? {
        try status(of: name).map { FileTree.kind($0.st_mode) }
    }

    /// Opens a folder in it.
    package func folder(_ name: FileName) throws -> OpenFolder {
        OpenFolder(try open(name, O_RDONLY | O_DIRECTORY), path(of: name))
    }

    /// Makes a folder in it and opens that.
    package func makeFolder(_ name: FileName) throws -> OpenFolder {
        guard name.withCString({ mkdirat(descriptor, $0, 0o777) }) == 0 else {
            throw LockstepError.system("make folder", path(of: name))
        }
        return try folder(name)
    }

    /// Opens a file in it; never waits, not even for the other end of a FIFO.
    ///
    /// - Returns: a descriptor that the caller closes.
    package func open(_ name: FileName, _ flags: Int32, mode: mode_t = 0) throws -> Int32 {
        let all = flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let file = name.withCString { openat(descriptor, $0, all, mode) }
        guard file >= 0 else {
            throw LockstepError.system(flags & O_CREAT == 0 ? "open" : "create", path(of: name))
        }
        return file
    }

    /// What a symbolic link says.
    package func goal(ofLink name: FileName) throws -> FileName {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { buffer -> Int in
            guard let start = buffer.baseAddress else { return 0 }
            return name.withCString {
                readlinkat(descriptor, $0, start.assumingMemoryBound(to: CChar.self), buffer.count)
            }
        }
        guard count >= 0 else { throw LockstepError.system("read link", path(of: name)) }
        return FileName(Array(bytes[..<count]))
    }

    /// Gives the owner all rights that are missing; for folders and plain files of one's own only.
    package func openUp(_ name: FileName, _ status: stat) throws {
        let wanted: mode_t = FileTree.kind(status.st_mode) == .folder ? 0o700 : 0o400
        guard status.st_mode & wanted != wanted else { return }
        let mode = (status.st_mode | wanted) & 0o7777
        guard name.withCString({ fchmodat(descriptor, $0, mode, 0) }) == 0 else {
            throw LockstepError.system("make readable", path(of: name))
        }
    }

    /// Moves what lies there into another folder of the same file system.
    package func move(_ name: FileName, to folder: OpenFolder, as other: FileName) throws {
        let result = name.withCString { from in
            other.withCString { renameat(descriptor, from, folder.descriptor, $0) }
        }
        guard result == 0 else {
            throw LockstepError.system("rename \(path(of: name)) to", folder.path(of: other))
        }
    }
}
