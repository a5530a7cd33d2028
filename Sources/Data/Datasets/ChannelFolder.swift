import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// All files below a folder, at any depth. What cannot be read is an error and never left out.
struct ChannelFolder {
    /// A file that is read: its path, and the part of it below the folder, by which files are ordered.
    private struct Found {
        var path: String
        var key: String
    }

    private let channel: String
    private var found: [Found] = []
    private(set) var hidden: [String] = []

    /// Paths in the order of the bytes of their names below the folder.
    var paths: [String] {
        found.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.path)
    }

    /// - Parameters:
    ///   - beginning: of the names taken in the folder itself; those below are all taken.
    ///   - channel: named in errors.
    /// - Throws: `LockstepError(.denied)` or `(.io)` for a folder that cannot be read, `(.data)` for an entry
    ///   that is neither file nor folder, a link that leads nowhere or a name that is no UTF-8.
    init(_ path: String, beginning: String = "", channel: String) throws {
        self.channel = channel
        let folder = path.hasSuffix("/") ? path : path + "/"
        try walk(folder, key: "", beginning: Array(beginning.utf8), above: [])
    }

    private struct FolderID: Hashable {
        var device: UInt64
        var node: UInt64
        init(_ status: stat) { (device, node) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
    }

    private mutating func walk(
        _ folder: String, key: String, beginning: [UInt8], above: Set<FolderID>
    ) throws {
        var status = stat()
        guard stat(folder, &status) == 0 else { throw unreadable(folder) }
        let id = FolderID(status)
        guard !above.contains(id) else {
            throw refusal("\(folder.dropLast()) is a link to a folder above it; remove the link")
        }
        for name in try names(in: folder) where name.starts(with: beginning) {
            let isHidden = Self.isHidden(name)
            guard let text = String(validating: name, as: UTF8.self) else {
                let shown = folder + PrintableText.escaped(bytes: name)
                if isHidden {
                    hidden.append(shown)
                    continue
                }
                throw refusal("the name of \(shown) is no UTF-8; rename the file")
            }
            let kind = try kind(of: folder + text, isHidden: isHidden)
            switch kind {
            case .empty where isHidden: break
            case _ where isHidden: hidden.append(folder + text)
            case .folder:
                try walk(
                    folder + text + "/", key: key + text + "/", beginning: [],
                    above: above.union([id]))
            case .file, .empty: found.append(Found(path: folder + text, key: key + text))
            case .other(let noun):
                throw refusal("\(folder)\(text) is \(noun), and a channel reads files; take it out")
            }
        }
    }

    /// Names that tools give to what is no data, and the folder of a file system's own.
    private static func isHidden(_ name: [UInt8]) -> Bool {
        name.first == UInt8(ascii: ".") || name.first == UInt8(ascii: "_")
            || name.elementsEqual("lost+found".utf8)
    }

    private enum Kind {
        case file, empty, folder
        /// With its article.
        case other(String)
    }

    private func kind(of path: String, isHidden: Bool) throws -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let number = errno
            if isHidden { return .other("unknown") }
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else {
                errno = number
                throw unreadable(path)
            }
            let reason = number == ENOENT ? "there is nothing" : String(cString: strerror(number))
            throw refusal("\(path) is a link that leads nowhere (\(reason) at \(Self.target(path)))")
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return status.st_size == 0 ? .empty : .file
        case S_IFDIR: return .folder
        default: return .other(FileSystem.noun(mode: status.st_mode))
        }
    }

    private static func target(_ path: String) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { readlink(path, $0.assumingMemoryBound(to: CChar.self), bytes.count) } ?? 0
        }
        return count > 0 ? PrintableText.escaped(bytes: buffer.prefix(count)) : "its end"
    }

    /// The bytes of the names in a folder, without `.` and `..`.
    private func names(in folder: String) throws -> [[UInt8]] {
        guard let stream = opendir(folder) else { throw unreadable(folder) }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw unreadable(folder) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { [UInt8]($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
    }

    /// Right after the failed call.
    private func unreadable(_ path: String) -> LockstepError {
        let number = errno
        return LockstepError(
            number == EACCES ? .denied : .io,
            "channel '\(channel)': \(path) cannot be read (\(String(cString: strerror(number))))")
    }

    private func refusal(_ what: String) -> LockstepError {
        LockstepError(.data, "channel '\(channel)': \(what)")
    }
}
