import Diagnostics
import Glibc
import Storage

/// A `sourcedir.tar.gz` as the SageMaker SDKs and tar(1) write it. Read twice, in constant memory: to know
/// what is in it before a job starts, and to unpack it.
struct SourceArchive: Sendable {
    /// Most that an archive of code may hold.
    struct Limits: Sendable {
        var bytes = 2 << 30
        var entries = 100_000
    }

    private let path: String
    /// By clean name: relative, without `.`. Where a name occurs twice, the last one counts.
    private var entries: [FileName: (place: Int, entry: TarReader.Entry)] = [:]

    /// - Throws: `LockstepError(.data)` when it is no tar archive, is cut short, holds more than the limits
    ///   or a name or a link that leads out of the folder it is unpacked into.
    init(reading path: String, limits: Limits = Limits()) throws {
        self.path = path
        var tar = try TarReader(path: path)
        var (place, byteCount) = (0, 0)
        while let entry = try tar.next() {
            place += 1
            guard place <= limits.entries else {
                throw LockstepError(
                    .data,
                    "\(path) holds more than \(limits.entries) entries, the most for a job's code: put data "
                        + "into a channel")
            }
            let (sum, isOver) = byteCount.addingReportingOverflow(entry.byteCount)
            byteCount = sum
            guard !isOver, byteCount <= limits.bytes else {
                throw LockstepError(
                    .data,
                    "\(path) holds more than \(limits.bytes) bytes unpacked, the most for a job's code (with "
                        + "\(entry.name.printable) of \(entry.byteCount) bytes): put data into a channel")
            }
            if let name = try clean(entry.name) { entries[name] = (place, entry) }
        }
        for (name, value) in entries { try check(name, value.entry) }
    }

    /// Names of all that is no folder, in the archive's order.
    var fileNames: [String] {
        entries.filter { $0.value.entry.kind != .folder }.sorted { $0.value.place < $1.value.place }
            .map(\.key.printable)
    }

    /// Whether a file of that clean name is there, or a link to one.
    func holds(_ name: String) -> Bool { goal(FileName(name)).map { kind($0) == .file } ?? false }

    func holdsFolder(_ name: String) -> Bool { goal(FileName(name)).map { kind($0) == .folder } ?? false }

    /// - Throws: `LockstepError(.data)` when the archive has changed, `.io` naming the path.
    func unpack(into folder: String) throws {
        let top = FileName(folder)
        var tar = try TarReader(path: path)
        var place = 0
        while let entry = try tar.next() {
            place += 1
            guard let name = try clean(entry.name), entries[name]?.place == place else { continue }
            let target = top.appending(name)
            switch entry.kind {
            case .folder: try makeFolder(name, in: top)
            case .file:
                try makeFolder(Self.parent(of: name), in: top)
                let file = try PlainFile(creating: target, isExecutable: entry.isExecutable)
                try tar.content { try file.write($0) }
            default: continue
            }
        }
        try makeLinks(in: top)
    }

    /// After the files: so nothing is written through a link.
    private func makeLinks(in top: FileName) throws {
        for (name, value) in entries {
            let target = top.appending(name)
            let result: Int32
            switch value.entry.kind {
            case .link:
                try makeFolder(Self.parent(of: name), in: top)
                result = value.entry.goal.withCString { goal in target.withCString { symlink(goal, $0) } }
            case .hardLink:
                guard let file = hardGoal(value.entry) else { continue }
                try makeFolder(Self.parent(of: name), in: top)
                result = top.appending(file).withCString { goal in target.withCString { link(goal, $0) } }
            default: continue
            }
            guard result == 0 else { throw LockstepError.system("make link", target.printable) }
        }
    }

    private func makeFolder(_ name: FileName, in top: FileName) throws {
        guard !name.bytes.isEmpty else { return }
        let path = top.appending(name)
        if path.withCString({ mkdir($0, 0o755) }) != 0 {
            if errno == ENOENT {
                try makeFolder(Self.parent(of: name), in: top)
                return try makeFolder(name, in: top)
            }
            guard errno == EEXIST else { throw LockstepError.system("make folder", path.printable) }
        }
        // The umask shall not keep the code from the user that the program runs as.
        guard path.withCString({ chmod($0, 0o755) }) == 0 else {
            throw LockstepError.system("set the mode of", path.printable)
        }
    }

    /// - Returns: `nil` for the folder itself.
    private func clean(_ name: FileName) throws -> FileName? {
        let parts = Self.split(name)
        guard name.bytes.first != UInt8(ascii: "/"), !parts.contains(Self.above) else {
            throw LockstepError(
                .data, "\(path) holds \(name.printable), which lies outside its folder; pack it anew")
        }
        return parts.isEmpty ? nil : Self.join(parts)
    }

    private func check(_ name: FileName, _ entry: TarReader.Entry) throws {
        var parent = Self.parent(of: name)
        while !parent.bytes.isEmpty {
            if let kind = entries[parent]?.entry.kind, kind != .folder {
                throw LockstepError(
                    .data,
                    "\(path) holds \(name.printable) below \(parent.printable), which is no folder; "
                        + "pack it anew")
            }
            parent = Self.parent(of: parent)
        }
        switch entry.kind {
        case .file, .folder: return
        case .link:
            guard goal(name) != nil else {
                throw LockstepError(
                    .data,
                    "\(path) holds the link \(name.printable) to \(entry.goal.printable), outside its "
                        + "folder; pack the file itself")
            }
        case .hardLink:
            guard hardGoal(entry) != nil else {
                throw LockstepError(
                    .data,
                    "\(path) holds the hard link \(name.printable) to \(entry.goal.printable), which is no "
                        + "file in it; pack the file itself")
            }
        case .other(let letter):
            let what =
                letter == "S" ? "a sparse file; pack it without --sparse" : "neither file, folder nor link"
            throw LockstepError(.data, "\(path) holds \(name.printable), which is \(what)")
        }
    }

    private func hardGoal(_ entry: TarReader.Entry) -> FileName? {
        guard let name = try? clean(entry.goal), let goal = entries[name]?.entry else { return nil }
        // tar names the first one, which is the file.
        return goal.kind == .file ? name : nil
    }

    /// Where a path leads, links followed as they will be when they are unpacked.
    ///
    /// - Returns: `nil` when it leads out of the folder, or around in a circle.
    private func goal(_ name: FileName) -> FileName? {
        var place: [FileName] = []
        var rest = Self.split(name)[...]
        var linkCount = 0
        while let part = rest.popFirst() {
            if part == Self.above {
                guard !place.isEmpty else { return nil }
                place.removeLast()
                continue
            }
            let path = Self.join(place + [part])
            guard let entry = entries[path]?.entry, entry.kind == .link else {
                place.append(part)
                continue
            }
            linkCount += 1
            guard linkCount <= 40, entry.goal.bytes.first != UInt8(ascii: "/") else { return nil }
            rest = Self.split(entry.goal) + rest
        }
        return Self.join(place)
    }

    private func kind(_ name: FileName) -> TarReader.Entry.Kind? {
        if let kind = entries[name]?.entry.kind { return kind == .hardLink ? .file : kind }
        // A folder need not be an entry of its own.
        let start = name.bytes + [UInt8(ascii: "/")]
        return name.bytes.isEmpty || entries.keys.contains { $0.bytes.starts(with: start) } ? .folder : nil
    }

    private static let above = FileName("..")

    private static func split(_ name: FileName) -> [FileName] {
        name.bytes.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }
            .map { FileName(Array($0)) }
    }

    private static func join(_ parts: [FileName]) -> FileName {
        parts.reduce(FileName("")) { $0.appending($1) }
    }

    private static func parent(of name: FileName) -> FileName {
        FileName(Array(name.bytes[..<(name.bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0)]))
    }
}
