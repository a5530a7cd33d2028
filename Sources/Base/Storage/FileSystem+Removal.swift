import Diagnostics

#if canImport(Glibc)
    import Glibc
#endif

extension FileSystem {
    /// Removes a file, or a folder with all that is in it, whatever its names and depth. Nothing there is no
    /// error.
    ///
    /// - Parameter evenLocked: also from folders of one's own that their modes close.
    public static func remove(_ path: String, evenLocked: Bool = false) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM, isFolder(path) else {
            throw LockstepError.system("remove", path)
        }
        if evenLocked { chmod(path, 0o700) }
        let top = try OpenFolder(path)
        var removal = Removal(top: top, evenLocked: evenLocked)
        // What lay too deep is at the top after a pass.
        while try !top.names().isEmpty { try removal.empty(top, depth: 0) }
        if rmdir(path) != 0, errno != ENOENT { throw LockstepError.system("remove", path) }
    }
}

/// Removes what is in a folder, with few descriptors however deep it is.
private struct Removal {
    /// Folders that are open at a time.
    private static let depthMax = 64

    let top: OpenFolder
    let evenLocked: Bool
    private var movedCount = 0

    init(top: OpenFolder, evenLocked: Bool) {
        self.top = top
        self.evenLocked = evenLocked
    }

    mutating func empty(_ folder: OpenFolder, depth: Int) throws {
        for name in try folder.names() {
            if name.withCString({ unlinkat(folder.descriptor, $0, 0) }) == 0 || errno == ENOENT { continue }
            let failure = LockstepError.system("remove", folder.path(of: name))
            // Gone meanwhile: others may remove the same.
            guard let status = try folder.status(of: name) else { continue }
            guard FileTree.kind(status.st_mode) == .folder else { throw failure }
            if evenLocked { try folder.openUp(name, status) }
            if depth >= Self.depthMax {
                movedCount += 1
                try folder.move(name, to: top, as: FileName(".lockstep-removed-\(getpid())-\(movedCount)"))
                continue
            }
            do {
                try empty(folder.folder(name), depth: depth + 1)
            } catch let error as LockstepError where error.code == .notFound {
                continue
            }
            let result = name.withCString { unlinkat(folder.descriptor, $0, AT_REMOVEDIR) }
            if result != 0, errno != ENOENT { throw LockstepError.system("remove", folder.path(of: name)) }
        }
    }
}
