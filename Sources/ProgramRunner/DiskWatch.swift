import Foundation
import Glibc
import Storage

/// Looks now and then at the size of a host's tree.
struct DiskWatch {
    let bytesMax: Int
    private let folders: [String]
    private var next = 0.0

    /// - Parameter base: the tree; channels and shared checkpoints do not lie in it, or behind links.
    init(bytesMax: Int, base: String) {
        self.bytesMax = bytesMax
        folders = ["model", "output", "code", "tmp", "checkpoints"].map { "\(base)/\($0)" }
    }

    /// - Parameter clock: seconds; a look takes at most a twentieth of the time.
    mutating func isExceeded(_ clock: () -> Double) -> Bool {
        let begin = clock()
        guard begin >= next else { return false }
        let isFull = isFull
        next = clock() + max(0.3, 20 * (clock() - begin))
        return isFull
    }

    /// Whether the tree takes more than it may, at this moment.
    var isFull: Bool { folders.reduce(0) { $0 + Self.bytes(below: $1) } > bytesMax }

    /// What a folder takes of the disk, in bytes.
    static func bytes(below folder: String) -> Int {
        guard FileTree.kind(folder) == .folder else { return 0 }
        var sum = 0
        // Files come and go while this looks: what is gone counts nothing.
        for name in (try? FileSystem.names(in: folder)) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard lstat(path, &status) == 0 else { continue }
            sum += Int(status.st_blocks) * 512
            if status.st_mode & S_IFMT == S_IFDIR { sum += bytes(below: path) }
        }
        return sum
    }
}
