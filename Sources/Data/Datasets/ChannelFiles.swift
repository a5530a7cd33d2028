import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// The files that a channel's path stands for.
struct ChannelFiles {
    /// In the order in which their records count.
    var paths: [String]
    /// What lies below the path and is left out for its name, but for empty files.
    var hidden: [String] = []

    /// The file itself, or all files below a folder, in the order of the bytes of their names below it.
    ///
    /// Names that begin with `.` or `_` are left out. Where nothing lies at a path that ends in `-`, `_`,
    /// `.` or `=`, it stands for all names that begin with it, as an S3 prefix does.
    /// - Throws: `LockstepError(.notFound)` for a missing path, `(.data)` for a folder without files, or
    ///   what reading a folder throws.
    init(_ path: String, channel: String) throws {
        var status = stat()
        if stat(path, &status) != 0 {
            guard errno == ENOENT || errno == ENOTDIR else {
                let number = errno
                throw LockstepError(
                    number == EACCES ? .denied : .io,
                    "channel '\(channel)': \(path) cannot be read (\(String(cString: strerror(number))))")
            }
            guard let files = try Self.beginning(with: path, channel: channel) else {
                let isLink = lstat(path, &status) == 0
                throw LockstepError(
                    .notFound,
                    "channel '\(channel)': "
                        + (isLink ? "\(path) is a link that leads nowhere" : "there is nothing at \(path)"))
            }
            self = files
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: paths = [path]
        case S_IFDIR:
            let folder = try ChannelFolder(path, channel: channel)
            (paths, hidden) = (folder.paths, folder.hidden)
            guard !paths.isEmpty else {
                throw LockstepError(.data, "channel '\(channel)': the folder \(path) holds no data files")
            }
        default:
            throw LockstepError(
                .data,
                "channel '\(channel)': \(path) is \(FileSystem.noun(mode: status.st_mode)); "
                    + "name a file or a folder")
        }
    }

    private init(_ folder: ChannelFolder) { (paths, hidden) = (folder.paths, folder.hidden) }

    /// All that begins with `path`; `nil` when nothing does, or `path` does not ask for it.
    private static func beginning(with path: String, channel: String) throws -> ChannelFiles? {
        guard let last = path.last, "-_.=".contains(last), let folder = FileSystem.parent(of: path),
            try FileSystem.kind(of: folder) == .folder
        else { return nil }
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        let found = try ChannelFolder(folder, beginning: String(name), channel: channel)
        return found.paths.isEmpty ? nil : ChannelFiles(found)
    }
}
