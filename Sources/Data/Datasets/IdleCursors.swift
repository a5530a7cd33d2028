import Synchronization

/// Cursors that loads have left open, so that the next load of the same file goes on where one stopped.
///
/// For gzip that saves decompressing the file from its start once for each logical shard.
final class IdleCursors: Sendable {
    /// `@unchecked Sendable`: a cursor is in the pool or with the one thread that took it, never both.
    private struct Idle: @unchecked Sendable {
        var file: Int
        var cursor: any FileCursor
    }

    /// Bounds the memory: each cursor holds a block.
    private static let capacity = 4
    private let idle = Mutex<[Idle]>([])

    /// The cursor of `file` that stands nearest before `record`, taken out of the pool.
    func take(file: Int, before record: Int) -> (any FileCursor)? {
        let taken = idle.withLock { idle -> Idle? in
            let candidates = idle.indices.filter {
                idle[$0].file == file && idle[$0].cursor.nextRecord <= record
            }
            guard let best = candidates.max(by: { idle[$0].cursor.nextRecord < idle[$1].cursor.nextRecord })
            else { return nil }
            return idle.remove(at: best)
        }
        return taken?.cursor
    }

    /// Puts back a cursor; the one idle for longest goes when there are too many.
    func put(_ cursor: any FileCursor, file: Int) {
        let entry = Idle(file: file, cursor: cursor)
        idle.withLock { idle in
            idle.append(entry)
            if idle.count > Self.capacity { idle.removeFirst() }
        }
    }
}
