public import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

extension LockstepError {
    /// A failed system call: what was tried on which path, and the system's own words for why.
    ///
    /// `ENOENT` becomes `.notFound`, a full disk or quota `.full`, what permissions forbid
    /// `.denied`, anything else `.io`. Call it right after
    /// the failed call.
    public static func system(_ attempt: String, _ path: String) -> LockstepError {
        let number = errno
        let code: Code =
            switch number {
            case ENOENT: .notFound
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM: .denied
            default: .io
            }
        var error = LockstepError(
            code, "cannot \(attempt) \(path): \(String(cString: strerror(number)))")
        error.systemError = number
        return error
    }

    /// This error as one that the user has to fix, when the place that `member` of the request names cannot
    /// be written by anybody who tries again: it is read-only, forbidden, or no folder.
    ///
    /// - Returns: the error itself when another attempt may do better.
    public func blamed(on member: String) -> LockstepError {
        let lasting = [EACCES, EPERM, EROFS, ENOTDIR, EEXIST, EISDIR, ENAMETOOLONG, ELOOP]
        guard let systemError, lasting.contains(systemError) else { return self }
        var error = LockstepError(.configuration, "\(member) cannot be written: \(self)")
        error.systemError = systemError
        return error
    }
}

/// Files and folders by absolute path, with every failure as a `LockstepError` that names the path.
public enum FileSystem {
    /// What lies at a path.
    public enum Kind: Sendable { case file, folder, other }

    /// Kind of what lies at `path`, links followed; `nil` when nothing does.
    public static func kind(of path: String) throws -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw LockstepError.system("look at", path)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// Opens a plain file for reading, without ever waiting for somebody at its other end.
    ///
    /// - Returns: the descriptor, and the file's size in bytes.
    /// - Throws: `LockstepError(.notFound)`, `(.denied)`, `(.io)`, or `(.data)` for a folder, pipe, socket or
    ///   device.
    package static func openFile(_ path: String) throws -> (descriptor: Int32, byteCount: Int) {
        var status = stat()
        // Looked at first: opening a device may do something to it.
        if stat(path, &status) == 0 { try refuseUnlessFile(status, path) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let isDenied = errno == EACCES
            var error = LockstepError.system("open", path)
            // Another attempt does not help.
            if isDenied { error.code = .denied }
            throw error
        }
        do {
            guard fstat(descriptor, &status) == 0 else { throw LockstepError.system("look at", path) }
            try refuseUnlessFile(status, path)
        } catch {
            close(descriptor)
            throw error
        }
        return (descriptor, Int(status.st_size))
    }

    /// What a mode of stat(2) says lies there, with its article: `a folder`, `a named pipe`.
    package static func noun(mode: UInt32) -> String {
        switch mode & S_IFMT {
        case S_IFREG: "a file"
        case S_IFDIR: "a folder"
        case S_IFIFO: "a named pipe"
        case S_IFSOCK: "a socket"
        case S_IFLNK: "a link"
        default: "a device"
        }
    }

    private static func refuseUnlessFile(_ status: stat, _ path: String) throws {
        guard status.st_mode & S_IFMT != S_IFREG else { return }
        throw LockstepError(.data, "\(path) is \(noun(mode: status.st_mode)) where a file belongs")
    }

    /// Makes a folder and those above it; those that exist are left as they are.
    public static func createFolder(_ path: String) throws {
        if mkdir(path, 0o777) == 0 || (errno == EEXIST && isFolder(path)) { return }
        guard errno == ENOENT, let above = parent(of: path), above != path else {
            throw LockstepError.system("make folder", path)
        }
        try createFolder(above)
        if mkdir(path, 0o777) != 0, !(errno == EEXIST && isFolder(path)) {
            throw LockstepError.system("make folder", path)
        }
    }

    /// Refuses a folder, whether it is there or still to be made, in which nothing can be written because
    /// of its path or its rights. Makes nothing.
    ///
    /// - Parameter field: of the job, named in the error.
    /// - Throws: `LockstepError(.configuration)` naming the path that stands in the way.
    public static func requireWritable(_ path: String, field: String) throws {
        var place = path
        var status = stat()
        while stat(place, &status) != 0 {
            guard errno == ENOENT || errno == ENOTDIR, let above = parent(of: place), above != place else {
                throw LockstepError.system("look at", place).blamed(on: field)
            }
            place = above
        }
        func refusal(_ reason: String) -> LockstepError {
            LockstepError(
                .configuration,
                "\(field): nothing can be written in \(path), because \(reason): name a folder that can be "
                    + "written on every worker")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw refusal("\(place) is no folder") }
        if access(place, W_OK | X_OK) != 0, [EACCES, EROFS, EPERM].contains(errno) {
            throw refusal("\(place) is closed (\(String(cString: strerror(errno))))")
        }
    }

    /// Names in a folder, in byte order, without `.` and `..`; empty when the folder is missing.
    public static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw LockstepError.system("list", folder)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Renames; the target is replaced when it is a file or an empty folder.
    public static func rename(_ from: String, to target: String) throws {
        guard Glibc.rename(from, target) == 0 else {
            throw LockstepError.system("rename \(from) to", target)
        }
    }

    /// Makes renames and new names in a folder durable.
    public static func synchronizeFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LockstepError.system("open", path) }
        defer { close(descriptor) }
        // Some network file systems refuse to synchronise a folder; they order renames themselves.
        if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
            throw LockstepError.system("synchronise", path)
        }
    }

    /// Where relative paths begin.
    public static var workingFolder: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// Folder that holds `path`; `nil` for `/`.
    public static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        if slash == path.startIndex { return path == "/" ? nil : "/" }
        return String(path[..<slash])
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
