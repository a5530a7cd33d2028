import Diagnostics
import Foundation
import Glibc
import JobSpecs
import Processes
import ProgramContract
import Storage
import StorageLocations

/// The channels of a host: what lies in `input/data/CHANNEL`, and how it gets there.
package struct HostChannels {
    struct Source: Equatable {
        var name: String
        /// The folder, or the one file.
        var path: String
        var isFile: Bool
        /// What the names in the folder begin with: a prefix need not end at a folder's name.
        var start = ""
        /// Whether each host gets its share of the files.
        var isSharded: Bool
        var mode: JobSpec.Channel.InputMode
        var isPipe: Bool { mode == .pipe }
        var field: String { "InputDataConfig channel \(name)" }
        /// Whether the channel is one folder as it is.
        var isWholeFolder: Bool { !isFile && start.isEmpty && !isSharded }
    }

    let sources: [Source]

    /// - Throws: `LockstepError(.configuration)` or `(.notFound)` naming channel and field.
    init(_ job: JobSpec) throws {
        sources = try job.channels.map { channel in
            var source = Source(
                name: channel.name, path: try channel.location.path(field: channel.field), isFile: false,
                isSharded: channel.distribution == .sharded, mode: channel.inputMode)
            try Self.find(&source, channel.field)
            try Self.checkReading(source.path)
            return source
        }
    }

    /// Whether this thread may read what it will be asked to show, so that nothing is refused half-way.
    private static func checkReading(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw LockstepError.system("read", path) }
        close(descriptor)
    }

    /// Decides whether the path is a folder, a file, or the beginning of names in a folder.
    private static func find(_ source: inout Source, _ field: String) throws {
        switch try FileSystem.kind(of: source.path) {
        case .folder: return
        case .file: source.isFile = true
        case .other:
            throw LockstepError(
                .data, "\(field): \(source.path) is neither file nor folder: put the data into a file")
        case nil:
            let folder = FileSystem.parent(of: source.path) ?? "/"
            let start = source.path.split(separator: "/").last.map(String.init) ?? ""
            guard try FileSystem.kind(of: folder) == .folder,
                try FileSystem.names(in: folder).contains(where: { $0.utf8.starts(with: start.utf8) })
            else {
                throw LockstepError(
                    .notFound,
                    "\(field): there is no file or folder \(source.path), and nothing in \(folder) "
                        + "whose name begins like that")
            }
            (source.path, source.start) = (folder, start)
        }
    }

    /// What a source holds for a host, as keys below its folder.
    static func files(of source: Source, rank: Int, hosts: Int) throws -> ChannelFiles {
        var files =
            source.isFile
            ? try ChannelFiles(file: source.path, field: source.field)
            : try ChannelFiles(
                below: source.path, startingWith: FileName(source.start), field: source.field)
        if source.isSharded { files.keepShare(rank: rank, hosts: hosts) }
        return files
    }

    /// Makes the places of channels in FastFile mode: what they hold is bound there. Of a part of a folder
    /// the whole is bound out of sight, and links lead to the part.
    ///
    /// - Returns: the mounts they need.
    func layFastFiles(in base: String, rank: Int, hosts: Int) throws -> [GuardedProcess.Mount] {
        var mounts: [GuardedProcess.Mount] = []
        for source in sources where source.mode == .fastFile {
            let folder = "\(base)/input/data/\(source.name)"
            try FileSystem.createFolder(folder)
            chmod(folder, 0o755)
            if source.isFile {
                guard !source.isSharded || rank == 0 else { continue }
                let place = "\(folder)/\((source.path as NSString).lastPathComponent)"
                try HostTree.write("", to: place)
                mounts.append(.readOnly(source.path, place))
            } else if source.isWholeFolder {
                mounts.append(.readOnly(source.path, folder))
            } else {
                let whole = "\(base)/input/.sources/\(source.name)"
                try FileSystem.createFolder(whole)
                for path in ["\(base)/input/.sources", whole] { chmod(path, 0o755) }
                mounts.append(.readOnly(source.path, whole))
                try Self.link(
                    try Self.files(of: source, rank: rank, hosts: hosts).files, in: FileName(folder),
                    toSource: source.name)
            }
        }
        return mounts
    }

    /// Takes what `layFastFiles` made away again.
    func clearFastFiles(in base: String) throws {
        try FileSystem.remove("\(base)/input/.sources")
        for source in sources where source.mode == .fastFile {
            try FileSystem.remove("\(base)/input/data/\(source.name)")
        }
    }

    /// Copies the channels in File mode, and those in FastFile mode where nothing can be mounted.
    ///
    /// - Parameters:
    ///   - usesMounts: whether FastFile is mounted.
    ///   - volumeGB: what the copies may take; `nil`: no limit.
    /// - Returns: bytes of the copies that count for no volume: those in FastFile mode.
    /// - Throws: `LockstepError(.configuration)` for channels larger than the volume, `.io` when the node has
    ///   no room, `.data` for what is no data.
    func copy(to base: String, rank: Int, hosts: Int, usesMounts: Bool, volumeGB: Int?) throws -> Int {
        let copied = sources.filter { $0.mode == .file || ($0.mode == .fastFile && !usesMounts) }
        let listed = try copied.map { ($0, try Self.files(of: $0, rank: rank, hosts: hosts)) }
        let counted = listed.reduce(0) { $0 + ($1.0.mode == .file ? $1.1.byteCount : 0) }
        if let volumeGB, counted > volumeGB << 30 {
            throw LockstepError(
                .configuration,
                "the channels in File mode hold \(counted) bytes, more than the volume of \(volumeGB) GB "
                    + "that they are copied to: raise ResourceConfig.VolumeSizeInGB or use InputMode FastFile"
            )
        }
        let all = listed.reduce(0) { $0 + $1.1.byteCount }
        try Self.checkRoom(for: all, in: base)
        for (source, files) in listed {
            let copy = ChannelCopy(
                folder: FileName("\(base)/input/data/\(source.name)"), isReadOnly: source.mode == .fastFile)
            try copy.make(files.files, folders: files.folders)
        }
        return all - counted
    }

    private static func checkRoom(for byteCount: Int, in base: String) throws {
        var system = statvfs()
        guard statvfs(base, &system) == 0 else { throw LockstepError.system("look at", base) }
        let free = Int(system.f_bavail) * Int(system.f_frsize)
        guard byteCount > free else { return }
        throw LockstepError(
            .io,
            "the copies of the channels take \(byteCount) bytes, but the file system of the worker's scratch "
                + "folder has \(free) free: make room, or use InputMode FastFile")
    }

    private static func link(_ files: [ChannelFiles.File], in folder: FileName, toSource name: String) throws
    {
        try ChannelCopy.checkLengths(files, in: folder)
        for inside in ChannelFiles.folders(above: files) {
            let path = folder.appending(inside)
            guard path.withCString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else {
                throw LockstepError.system("make folder", path.printable)
            }
            _ = path.withCString { chmod($0, 0o755) }
        }
        for file in files {
            let depth = file.name.bytes.count { $0 == UInt8(ascii: "/") } + 2
            let up = FileName(String(repeating: "../", count: depth) + ".sources/\(name)")
            let path = folder.appending(file.name)
            let goal = up.appending(file.name)
            guard goal.withCString({ goal in path.withCString { symlink(goal, $0) } }) == 0 else {
                throw LockstepError.system("make link", path.printable)
            }
        }
    }

    static func link(_ path: String, to target: String) throws {
        guard symlink(target, path) == 0 else { throw LockstepError.system("make link", path) }
    }
}
