import Diagnostics
import Glibc
package import Storage

/// What a channel's prefix holds: SageMaker's objects, whose keys are paths below it.
package struct ChannelFiles {
    /// One object.
    package struct File: Equatable {
        /// Its key: the path below the channel's folder.
        package var name: FileName
        /// Where it lies, without links on the way.
        package var path: FileName
        package var byteCount: Int
        package var isExecutable: Bool
    }

    /// In byte order of their keys.
    package private(set) var files: [File] = []
    /// Folders in it, each before those inside.
    package private(set) var folders: [FileName] = []
    package var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

    private let field: String
    private let root: FileName

    /// Lists a folder with all that is below it.
    ///
    /// - Parameters:
    ///   - folder: its path.
    ///   - start: what a name in the folder must begin with to count.
    ///   - field: named in errors.
    /// - Throws: `LockstepError(.data)` naming a link that leads out of the folder, to nothing or in a
    ///   circle, and whatever is neither file nor folder.
    package init(below folder: String, startingWith start: FileName = FileName(""), field: String) throws {
        self.field = field
        root = try Self.realPath(FileName(folder))
        try addContent(of: root, as: FileName(""), above: [], startingWith: start)
        files.sort { $0.name < $1.name }
    }

    /// One file, whose key is its name.
    init(file path: String, field: String) throws {
        self.field = field
        let real = try Self.realPath(FileName(path))
        root = real
        let name = path.split(separator: "/").last.map(String.init) ?? path
        try add(real, as: FileName(name), above: [])
    }

    /// Leaves a host's share: every `hosts`-th in byte order of the keys, and the folders above.
    package mutating func keepShare(rank: Int, hosts: Int) {
        files = files.indices.filter { $0 % hosts == rank }.map { files[$0] }
        folders = Self.folders(above: files)
    }

    /// The folders above these files, each before those inside.
    static func folders(above files: [File]) -> [FileName] {
        let slash = UInt8(ascii: "/")
        var folders: Set<FileName> = []
        for bytes in files.map(\.name.bytes) {
            for index in bytes.indices where bytes[index] == slash {
                folders.insert(FileName(Array(bytes[..<index])))
            }
        }
        return folders.sorted()
    }

    private mutating func addContent(
        of folder: FileName, as name: FileName, above: [FileName], startingWith start: FileName
    ) throws {
        let names = try OpenFolder(folder).names().filter { $0.bytes.starts(with: start.bytes) }
        for inside in names {
            try add(folder.appending(inside), as: name.appending(inside), above: above + [folder])
        }
    }

    private mutating func add(_ path: FileName, as name: FileName, above: [FileName]) throws {
        var status = stat()
        guard path.withCString({ lstat($0, &status) }) == 0 else {
            throw LockstepError.system("look at", path.printable)
        }
        switch FileTree.kind(status.st_mode) {
        case .file:
            files.append(
                File(
                    name: name, path: path, byteCount: Int(status.st_size),
                    isExecutable: status.st_mode & 0o111 != 0))
        case .folder:
            folders.append(name)
            try addContent(of: path, as: name, above: above, startingWith: FileName(""))
        case .link: try addGoal(ofLink: path, as: name, above: above)
        case .other:
            throw LockstepError(
                .data, "\(field): \(path.printable) is neither file nor folder: take it away from the data")
        }
    }

    private mutating func addGoal(ofLink path: FileName, as name: FileName, above: [FileName]) throws {
        let goal: FileName
        do {
            goal = try Self.realPath(path)
        } catch {
            throw LockstepError(
                .data, "\(field): \(path.printable) is a link that leads nowhere: put the file itself there",
                cause: error)
        }
        guard goal == root || goal.bytes.starts(with: root.bytes + [UInt8(ascii: "/")]) else {
            throw LockstepError(
                .data,
                "\(field): \(path.printable) is a link to \(goal.printable), outside of the channel: put the "
                    + "file itself there, or name it in a channel of its own")
        }
        guard !above.contains(goal) else {
            throw LockstepError(
                .data, "\(field): \(path.printable) is a link to a folder that holds it: take it away")
        }
        try add(goal, as: name, above: above)
    }

    /// - Throws: `LockstepError` naming the path.
    package static func realPath(_ path: FileName) throws -> FileName {
        guard let real = path.withCString({ realpath($0, nil) }) else {
            throw LockstepError.system("find", path.printable)
        }
        defer { free(real) }
        return FileName(UnsafeBufferPointer(start: real, count: strlen(real)).map { UInt8(bitPattern: $0) })
    }
}
