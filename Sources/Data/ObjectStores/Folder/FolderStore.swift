import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// Objects as plain files below a folder, which other programs may read and write too: `a/b` is the file `b`
/// in the folder `a`.
///
/// A put writes to a temporary file beside its goal, synchronises it, renames it and synchronises the folder.
/// Files of other programs are objects as soon as they are there. Links, pipes and devices are none, and are
/// not followed. A key that is no relative path of plain names is refused.
package struct FolderStore: ObjectStore {
    /// Absolute.
    package let folder: String

    /// - Parameter folder: absolute; made by the first put where it is missing.
    package init(_ folder: String) { self.folder = folder }

    package var location: String { "file://" + folder }

    /// Begins the name of a file that is being written; such names are no objects.
    static let unfinishedPrefix = ".writing-"
    private static let pieceBytes = 1 << 20

    @discardableResult
    package func put(
        _ content: ObjectContent, as key: String, if condition: PutCondition
    ) async throws -> String {
        let path = try path(of: key)
        let file = try UnfinishedFile(for: path, in: folder)
        do {
            try await content.forEachPiece { try file.append($0) }
            try Task.checkCancellation()
            return try file.publish(replacing: condition == .always)
        } catch {
            file.remove()
            throw error
        }
    }

    @discardableResult
    package func get(
        _ key: String, range: Range<Int>?, version: String?, _ take: ([UInt8]) async throws -> Void
    ) async throws -> ObjectInfo {
        let file = try OpenObject(path(of: key), key: key)
        if let version, version != file.info.version {
            throw LockstepError(.conflict, "\(place(key)) is another one than before")
        }
        let all = (range ?? 0..<file.info.size).clamped(to: 0..<file.info.size)
        for start in stride(from: all.lowerBound, to: all.upperBound, by: Self.pieceBytes) {
            try Task.checkCancellation()
            try await take(file.read(start..<min(start + Self.pieceBytes, all.upperBound)))
        }
        return file.info
    }

    package func head(_ key: String) async throws -> ObjectInfo? {
        let path = try path(of: key)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw LockstepError.system("look at", path)
        }
        return FileTree.kind(status.st_mode) == .file ? ObjectInfo(key, status) : nil
    }

    package func delete(_ key: String) async throws {
        let path = try path(of: key)
        guard try await head(key) != nil else { return }
        guard unlink(path) == 0 || errno == ENOENT else { throw LockstepError.system("remove", path) }
        var above = FileSystem.parent(of: path)
        if let above { try FileSystem.synchronizeFolder(above) }
        // A folder is there for what is in it.
        while let empty = above, empty != folder, rmdir(empty) == 0 { above = FileSystem.parent(of: empty) }
    }

    package func copy(_ key: String, to target: String) async throws {
        let file = try OpenObject(path(of: key), key: key)
        let new = try UnfinishedFile(for: path(of: target), in: folder)
        do {
            for start in stride(from: 0, to: file.info.size, by: Self.pieceBytes) {
                try Task.checkCancellation()
                try new.append(file.read(start..<min(start + Self.pieceBytes, file.info.size)))
            }
            _ = try new.publish(replacing: true)
        } catch {
            new.remove()
            throw error
        }
    }

    /// Removes what puts that were killed have left. Only while nobody puts.
    package func removeUnfinished() throws { try Self.removeUnfinished(in: folder) }

    private static func removeUnfinished(in folder: String) throws {
        for name in try FileSystem.names(in: folder) {
            let path = folder + "/" + name
            switch FileTree.kind(path) {
            case .folder: try removeUnfinished(in: path)
            case .file where name.hasPrefix(unfinishedPrefix): try FileSystem.remove(path)
            default: continue
            }
        }
    }

    /// The file of a key.
    ///
    /// - Throws: `LockstepError(.configuration)` for a key that is no path of plain names below the folder.
    func path(of key: String) throws -> String {
        try ObjectKey.check(key, in: location)
        for part in key.split(separator: "/", omittingEmptySubsequences: false) {
            let reason: String? =
                switch part {
                case "": key.hasPrefix("/") ? "it begins with /" : "it has an empty part"
                case ".", "..": "it has a part \(part)"
                case _ where part.hasPrefix(Self.unfinishedPrefix): "\(part) is a name for unfinished files"
                case _ where part.utf8.count > 255: "it has a part of more than 255 bytes"
                case _ where part.utf8.contains(0): "it has a zero byte"
                default: nil
                }
            guard let reason else { continue }
            throw LockstepError(
                .configuration, "the key \(key) cannot be a file in \(folder), because \(reason)")
        }
        return folder + "/" + key
    }
}

extension ObjectInfo {
    /// A file's; its version changes with whatever a put, or another program's write, changes.
    init(_ key: String, _ status: stat) {
        let time = status.st_mtim
        let nanoseconds = Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
        let version = [Int(status.st_ino), nanoseconds, Int(status.st_size)]
            .map { String($0, radix: 16) }.joined(separator: "-")
        self.init(
            key: key, size: Int(status.st_size), version: version, modified: Double(nanoseconds) / 1e9)
    }
}
