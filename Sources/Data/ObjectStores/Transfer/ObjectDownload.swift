import Diagnostics
import Storage

#if canImport(Glibc)
    import Glibc
#endif

/// An object's way into a file: in parts at once, checked, and put in place whole.
package struct ObjectDownload: Sendable {
    private let store: any ObjectStore
    private let partBytes: Int
    private let parallel: Int

    /// - Parameters:
    ///   - partBytes: of one read.
    ///   - parallel: reads at a time.
    package init(_ store: any ObjectStore, partBytes: Int = 8 << 20, parallel: Int = 4) {
        self.store = store
        self.partBytes = partBytes
        self.parallel = parallel
    }

    /// Makes the file at `path` that object, and its folder where that is missing.
    ///
    /// - Returns: what was read.
    /// - Throws: what `get` does, and `LockstepError(.damaged)` where three times the bytes were not those
    ///   that the store says it has. Nothing is at `path` then that was not there before.
    @discardableResult
    package func callAsFunction(_ key: String, to path: String) async throws -> ObjectInfo {
        // The store tries its own calls again; what only the whole object shows has to begin anew.
        let policy = RetryPolicy(attempts: RetryPolicy.attemptsWhenDamaged, sleep: { _ in })
        return try await policy.again(when: .damaged) { try await once(key, to: path) }
    }

    private func once(_ key: String, to path: String) async throws -> ObjectInfo {
        guard let info = try await store.head(key) else {
            throw LockstepError(.notFound, "there is no object \(store.place(key))")
        }
        let file = try PartsFile(for: path)
        do {
            try await fill(file, info)
            if let digest = info.digest, try !file.gives(digest, size: info.size) {
                throw LockstepError(
                    .damaged,
                    "\(store.place(key)) arrived with another \(digest.name) than it was stored with")
            }
            try file.publish()
        } catch {
            file.remove()
            throw error
        }
        return info
    }

    private func fill(_ file: PartsFile, _ info: ObjectInfo) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for start in stride(from: 0, to: info.size, by: partBytes) {
                if running == parallel {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask {
                    var offset = start
                    let range = start..<min(start + partBytes, info.size)
                    try await store.get(info.key, range: range, version: info.version) { piece in
                        try file.write(piece, at: offset)
                        offset += piece.count
                    }
                    guard offset == range.upperBound else {
                        throw LockstepError(
                            .damaged, "\(store.place(info.key)) arrived with fewer bytes than it has")
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension RetryPolicy {
    /// Calls `body` again after errors of one kind only.
    func again<Result>(
        when code: LockstepError.Code, _ body: () async throws -> Result
    ) async throws -> Result {
        for count in 1..<max(2, attempts) {
            do {
                return try await body()
            } catch let error as LockstepError where error.code == code {
                try await sleep(pause(after: count))
            }
        }
        do {
            return try await body()
        } catch {
            throw (error as? LockstepError)?.code == code ? Self.counted(error, max(2, attempts)) : error
        }
    }
}

/// A file that parts are written to, in any order, beside the one that it is to become. `pwrite` and `pread`
/// only, so that several tasks may use it.
private final class PartsFile: Sendable {
    private let goal: String
    private let temporary: String
    private let descriptor: Int32

    init(for goal: String) throws {
        self.goal = goal
        let folder = FileSystem.parent(of: goal) ?? "/"
        try FileSystem.createFolder(folder)
        temporary = "\(goal).writing-\(getpid())"
        descriptor = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw LockstepError.system("create", temporary) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8], at offset: Int) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written,
                    off_t(offset + written))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw LockstepError.system("write", temporary)
            }
            written += count
        }
    }

    func gives(_ digest: ObjectDigest, size: Int) throws -> Bool {
        var check = DigestCheck(digest)
        for start in stride(from: 0, to: size, by: 1 << 20) {
            let want = min(1 << 20, size - start)
            var piece = [UInt8](repeating: 0, count: want)
            var count = 0
            while count < want {
                let read = piece.withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress.map { $0 + count }, want - count, off_t(start + count))
                }
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { throw LockstepError.system("read", temporary) }
                count += read
            }
            check.update(piece)
        }
        return check.holds()
    }

    func publish() throws {
        guard fsync(descriptor) == 0 else { throw LockstepError.system("synchronise", temporary) }
        try FileSystem.rename(temporary, to: goal)
        try FileSystem.synchronizeFolder(FileSystem.parent(of: goal) ?? "/")
    }

    func remove() { unlink(temporary) }
}
