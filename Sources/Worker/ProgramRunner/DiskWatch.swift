import Foundation
import Glibc
import Storage

/// Looks now and then at the size of a host's tree.
struct DiskWatch {
    let bytesMax: Int
    private let folders: [String]
    private var next = 0.0

    /// - Parameter base: the tree; shared checkpoints do not lie in it, or behind links.
    init(bytesMax: Int, base: String) {
        self.bytesMax = bytesMax
        folders = ["input", "model", "output", "code", "tmp", "checkpoints"].map { "\(base)/\($0)" }
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
        guard FileTree.kind(folder) == .folder, let folder = try? OpenFolder(folder) else { return 0 }
        return bytes(below: folder)
    }

    private static func bytes(below folder: OpenFolder) -> Int {
        var sum = 0
        // Files come and go while this looks: what is gone counts nothing.
        for name in (try? folder.names()) ?? [] {
            guard let status = try? folder.status(of: name) else { continue }
            sum += Int(status.st_blocks) * 512
            if FileTree.kind(status.st_mode) == .folder, let inner = try? folder.folder(name) {
                sum += bytes(below: inner)
            }
        }
        return sum
    }
}
