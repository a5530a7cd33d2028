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
    var isFull: Bool { folders.reduce(0) { $0 + FileSystem.bytes(below: $1) } > bytesMax }
}
