import Diagnostics
import Foundation
import Glibc
import Synchronization

/// The keys of a cluster, in a file of the coordinator's data folder that only its user can read.
package final class AccessKeyFile: Sendable {
    package let path: String
    private let cache = Mutex<(mark: [Int], keys: [AccessKey])?>(nil)

    /// The file of the coordinator whose data folder is given.
    package init(coordinatorFolder: String) { path = coordinatorFolder + "/keys.json" }

    /// All keys, the oldest first; none where there is no file. Read again when the file has changed.
    ///
    /// - Throws: `LockstepError(.denied)` when others may read the file, `.damaged` when it holds no keys.
    package func keys() throws -> [AccessKey] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw failure(.denied, "cannot read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(.io, "cannot read") }
        guard status.st_mode & 0o077 == 0 else {
            throw LockstepError(
                .denied, "\(path) may be read by others: `chmod 600 \(path)`, and make its keys anew")
        }
        let mark = [
            Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
        ]
        if let known = cache.withLock({ $0 }), known.mark == mark { return known.keys }
        let bytes = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readDataToEndOfFile()
        guard let keys = try? JSONDecoder().decode([AccessKey].self, from: bytes) else {
            throw LockstepError(.damaged, "\(path) holds no keys: remove it, and make keys anew")
        }
        cache.withLock { $0 = (mark, keys) }
        return keys
    }

    /// Adds a fresh key and returns it; its secret is in the file alone.
    package func create(name: String?) throws -> AccessKey {
        let key = AccessKey.random(name: name, at: Date().timeIntervalSince1970)
        try write(try keys() + [key])
        return key
    }

    /// Removes a key; requests signed with it are refused from now on.
    ///
    /// - Throws: `LockstepError(.notFound)` when there is none of that id.
    package func revoke(_ id: String) throws {
        let all = try keys()
        guard all.contains(where: { $0.accessKeyID == id }) else {
            throw LockstepError(
                .notFound, "there is no key \(id): `lockstep keys list` shows those there are")
        }
        try write(all.filter { $0.accessKeyID != id })
    }

    /// A new file in place of the old; it belongs to whom the folder belongs to, also when root writes it.
    private func write(_ keys: [AccessKey]) throws {
        let new = path + ".\(getpid())"
        let folderPath = (path as NSString).deletingLastPathComponent
        // A coordinator that needs a key to start has not made its folder yet.
        try FileManager.default.createDirectory(
            atPath: folderPath, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var folder = stat()
        guard stat(folderPath, &folder) == 0 else { throw failure(.notFound, "cannot write") }
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(.io, "cannot write") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let bytes = Array(try encoder.encode(keys))
        let isWritten =
            Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
            && (geteuid() != 0 || fchown(descriptor, folder.st_uid, folder.st_gid) == 0)
        close(descriptor)
        guard isWritten, rename(new, path) == 0 else {
            let error = failure(.io, "cannot write")
            unlink(new)
            throw error
        }
    }

    private func failure(_ code: LockstepError.Code, _ what: String) -> LockstepError {
        LockstepError(code, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
