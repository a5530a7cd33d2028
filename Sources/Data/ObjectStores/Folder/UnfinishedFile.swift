import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// A file that is being written beside the one that it is to become.
final class UnfinishedFile {
    private let goal: String
    private let above: String
    private let temporary: String
    private let descriptor: Int32

    /// - Parameters:
    ///   - goal: path of the object's file.
    ///   - root: folder of the store, which is synchronised with the folders that are made.
    init(for goal: String, in root: String) throws {
        self.goal = goal
        above = FileSystem.parent(of: goal) ?? "/"
        let number = UInt64.random(in: .min ... .max)
        temporary = "\(above)/\(FolderStore.unfinishedPrefix)\(getpid())-\(String(number, radix: 36))"
        descriptor = try Self.create(temporary, in: above)
    }

    deinit { close(descriptor) }

    /// Makes the folder too; again when a delete has just found it empty.
    private static func create(_ path: String, in folder: String) throws -> Int32 {
        for _ in 0..<8 {
            do {
                try FileSystem.createFolder(folder)
            } catch let error as LockstepError
                where error.systemError == EEXIST || error.systemError == ENOTDIR
            {
                throw LockstepError(
                    .configuration, "\(folder) cannot be a folder of objects: a file lies on its path")
            }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
            if descriptor >= 0 { return descriptor }
            guard errno == ENOENT else { throw LockstepError.system("create", path) }
        }
        throw LockstepError(.io, "cannot create a file in \(folder): the folder is removed again and again")
    }

    func append(_ bytes: [UInt8]) throws {
        try AtomicFile.append(bytes, to: descriptor, path: temporary)
    }

    /// Makes it the object.
    ///
    /// - Parameter replacing: whether an earlier one may be there.
    /// - Returns: its version.
    /// - Throws: `LockstepError(.conflict)` where one is there that must not be.
    func publish(replacing: Bool) throws -> String {
        guard fsync(descriptor) == 0 else { throw LockstepError.system("synchronise", temporary) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LockstepError.system("look at", temporary) }
        if replacing {
            guard rename(temporary, goal) == 0 else { throw refusal() }
        } else {
            guard link(temporary, goal) == 0 else { throw refusal() }
            unlink(temporary)
        }
        try FileSystem.synchronizeFolder(above)
        return ObjectInfo(goal, status).version
    }

    private func refusal() -> LockstepError {
        switch errno {
        case EEXIST where FileTree.kind(goal) != .folder:
            LockstepError(.conflict, "file://\(goal) exists already")
        case EISDIR, EEXIST:
            LockstepError(.configuration, "file://\(goal) cannot be an object: it is a folder of objects")
        default: LockstepError.system("rename \(temporary) to", goal)
        }
    }

    func remove() { unlink(temporary) }
}

/// An object's file, open to be read.
final class OpenObject {
    let info: ObjectInfo
    private let path: String
    private let descriptor: Int32

    /// - Throws: `LockstepError(.notFound)` also where no plain file lies.
    init(_ path: String, key: String) throws {
        self.path = path
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            if [ENOENT, ENOTDIR, ELOOP, ENXIO].contains(errno) { throw Self.isMissing(path) }
            throw LockstepError.system("open", path)
        }
        var status = stat()
        guard fstat(file, &status) == 0, FileTree.kind(status.st_mode) == .file else {
            close(file)
            throw Self.isMissing(path)
        }
        descriptor = file
        info = ObjectInfo(key, status)
    }

    deinit { close(descriptor) }

    private static func isMissing(_ path: String) -> LockstepError {
        LockstepError(.notFound, "there is no object file://\(path)")
    }

    func read(_ range: Range<Int>) throws -> [UInt8] {
        var failure: LockstepError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let start = buffer.baseAddress.map { $0 + count }
                let read = pread(descriptor, start, range.count - count, off_t(range.lowerBound + count))
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = .system("read", path) }
                if read <= 0 { return }
                count += read
            }
        }
        if let failure { throw failure }
        guard bytes.count == range.count else {
            throw LockstepError(.conflict, "file://\(path) became shorter while it was read")
        }
        return bytes
    }
}
