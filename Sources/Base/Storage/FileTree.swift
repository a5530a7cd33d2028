#if canImport(Glibc)
    import Glibc
#endif

/// Looking at paths without following links: programs may put links anywhere they can write.
package enum FileTree {
    package enum Kind: Sendable { case file, folder, link, other }

    /// What lies at `path`; `nil` when nothing does.
    package static func kind(_ path: String) -> Kind? {
        var status = stat()
        return lstat(path, &status) == 0 ? kind(status.st_mode) : nil
    }

    /// The same of a mode that `stat` gave.
    package static func kind(_ mode: UInt32) -> Kind {
        switch mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// What a symbolic link says; `nil` for anything else.
    package static func goal(ofLink path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { buffer -> Int in
            guard let start = buffer.baseAddress else { return 0 }
            return readlink(path, start.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        return count > 0 && count < 4096 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
