import Diagnostics
import Glibc
import Storage

/// Copies an open file piece by piece; its holes stay holes.
enum FileCopy {
    private static let chunkBytes = 1 << 20
    // lseek(2): the next byte that is there, and the next hole; Glibc's module does not have them.
    private static let toData: Int32 = 3
    private static let toHole: Int32 = 4

    /// - Parameters:
    ///   - from: an open plain file.
    ///   - source: its path, for errors.
    ///   - name: of the new file in `folder`.
    static func copy(_ from: Int32, _ source: String, to name: FileName, in folder: OpenFolder) throws {
        var status = stat()
        guard fstat(from, &status) == 0 else { throw LockstepError.system("look at", source) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LockstepError(.io, "\(source) is no plain file any more")
        }
        let mode: mode_t = status.st_mode & 0o111 == 0 ? 0o644 : 0o755
        let target = folder.path(of: name)
        let to = try folder.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        defer { close(to) }
        let size = status.st_size
        var chunk = [UInt8](repeating: 0, count: chunkBytes)
        var place = lseek(from, 0, toData)
        // A file system that knows no holes says that all is data.
        if place < 0, errno != ENXIO { place = 0 }
        while place >= 0, place < size {
            var end = lseek(from, place, toHole)
            if end < 0 { end = size }
            while place < end {
                let count = pread(from, &chunk, min(chunk.count, Int(end - place)), place)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw LockstepError.system("read", source) }
                guard count > 0 else {
                    throw LockstepError(.io, "\(source) has become shorter while it was copied")
                }
                try write(chunk[..<count], to: to, at: place, target)
                place += off_t(count)
            }
            place = lseek(from, place, toData)
        }
        guard ftruncate(to, size) == 0, fsync(to) == 0 else {
            throw LockstepError.system("synchronise", target)
        }
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>, to file: Int32, at place: off_t, _ path: String
    ) throws {
        var (rest, place) = (bytes, place)
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, place) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LockstepError.system("write", path) }
            rest = rest.dropFirst(count)
            place += off_t(count)
        }
    }
}
