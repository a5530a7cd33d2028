#if canImport(Glibc)
    import Glibc
#endif

extension FileSystem {
    /// What a folder takes of the disk with all that is in it, in bytes. Links are not followed; what is no
    /// folder, or is gone meanwhile, counts nothing.
    package static func bytes(below folder: String) -> Int {
        guard FileTree.kind(folder) == .folder, let folder = try? OpenFolder(folder) else { return 0 }
        return bytes(below: folder)
    }

    private static func bytes(below folder: OpenFolder) -> Int {
        var sum = 0
        for name in (try? folder.names()) ?? [] {
            guard let status = try? folder.status(of: name) else { continue }
            sum += Int(status.st_blocks) * 512
            if FileTree.kind(status.st_mode) == .folder, let inner = try? folder.folder(name) {
                sum += bytes(below: inner)
            }
        }
        return sum
    }
}
