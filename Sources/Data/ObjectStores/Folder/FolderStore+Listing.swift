import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

extension FolderStore {
    package func list(prefix: String, after: String?, limit: Int) async throws -> ObjectPage {
        var listing = FolderListing(prefix: prefix, after: after, limit: max(1, limit))
        // Nothing outside of the prefix's own folder can have it.
        let start = prefix.lastIndex(of: "/").map { String(prefix[..<$0]) } ?? ""
        guard start.isEmpty || (try? path(of: start)) != nil else { return ObjectPage([], next: nil) }
        let top = start.isEmpty ? folder : folder + "/" + start
        if start.isEmpty || FileTree.kind(top) == .folder {
            try listing.walk(top, key: start.isEmpty ? "" : start + "/")
        }
        return listing.page
    }
}

/// A page of a folder's files, in byte order of their paths.
private struct FolderListing {
    let prefix: String
    let after: String?
    let limit: Int
    private var objects: [ObjectInfo] = []
    private var isCut = false

    init(prefix: String, after: String?, limit: Int) {
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }

    var page: ObjectPage { ObjectPage(objects, next: isCut ? objects.last?.key : nil) }

    /// - Parameter key: what the keys in this folder begin with, a slash at its end.
    mutating func walk(_ folder: String, key: String) throws {
        let entries = try FileSystem.names(in: folder).filter { !$0.hasPrefix(FolderStore.unfinishedPrefix) }
            .compactMap { name -> (key: String, status: stat)? in
                var status = stat()
                // It may be gone by now.
                guard lstat(folder + "/" + name, &status) == 0 else {
                    guard errno == ENOENT, !name.contains("\u{FFFD}") else {
                        throw LockstepError(
                            .data, "\(folder) holds a name that is no UTF-8 (\(name)): rename it")
                    }
                    return nil
                }
                let isFolder = FileTree.kind(status.st_mode) == .folder
                return (key + name + (isFolder ? "/" : ""), status)
            }
            .sorted { precedes($0.key, $1.key) }
        for (key, status) in entries where !isCut {
            switch FileTree.kind(status.st_mode) {
            case .folder where mayHold(key): try walk(folder + "/" + key.lastPart, key: key)
            case .file where key.hasPrefix(prefix) && isAfter(key): add(ObjectInfo(key, status))
            default: continue
            }
        }
    }

    private mutating func add(_ object: ObjectInfo) {
        if objects.count == limit { isCut = true } else { objects.append(object) }
    }

    private func isAfter(_ key: String) -> Bool { after.map { precedes($0, key) } ?? true }

    /// Whether there may be keys of this page below a folder, given with its slash.
    private func mayHold(_ folder: String) -> Bool {
        guard folder.hasPrefix(prefix) || prefix.hasPrefix(folder) else { return false }
        guard let after else { return true }
        return after.hasPrefix(folder) || precedes(after, folder)
    }

    private func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

extension String {
    /// The name of a folder's key, `a/b/`: `b`.
    fileprivate var lastPart: String { split(separator: "/").last.map(String.init) ?? self }
}
