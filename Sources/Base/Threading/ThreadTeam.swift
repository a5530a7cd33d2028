import Foundation
import Synchronization

/// A fixed set of threads that run the pieces of one job at a time, the calling thread among them.
///
/// Which thread takes which piece is left to chance; callers must not let it matter.
public final class ThreadTeam: Sendable {
    /// Threads that work on a job, the caller included.
    public let count: Int
    private let shared: Shared

    public init(count: Int) {
        precondition(count >= 1, "a team has at least one thread")
        self.count = count
        shared = Shared()
        for index in 1..<max(count, 1) {
            let shared = shared
            let thread = Thread { shared.work() }
            thread.name = "team-\(index)"
            thread.stackSize = 1 << 23
            thread.start()
        }
    }

    deinit { shared.close() }

    /// Runs `body(0)`, …, `body(pieces - 1)`, each once, on the team; returns when all are done.
    ///
    /// One caller at a time. After the first throw no further piece starts; the error of the
    /// lowest-numbered piece that threw is thrown, so that the report does not depend on timing
    /// where every piece that throws has the same cause.
    public func run(_ pieces: Int, _ body: @Sendable (Int) throws -> Void) throws {
        guard pieces > 0 else { return }
        if count == 1 || pieces == 1 {
            for piece in 0..<pieces { try body(piece) }
            return
        }
        let failure = Mutex<(piece: Int, error: any Error)?>(nil)
        withoutActuallyEscaping(body) { escapable in
            let job = Job(pieces: pieces) { piece in
                do {
                    try escapable(piece)
                    return true
                } catch {
                    failure.withLock { if $0 == nil || piece < $0?.piece ?? 0 { $0 = (piece, error) } }
                    return false
                }
            }
            shared.open(job)
            job.takePieces()
            shared.finish(job)
        }
        if let failure = failure.withLock({ $0 }) { throw failure.error }
    }
}

/// One call of `run`: pieces are claimed by an atomic counter.
private final class Job: Sendable {
    private let pieces: Int
    private let body: @Sendable (Int) -> Bool
    private let next = Atomic<Int>(0)

    init(pieces: Int, body: @escaping @Sendable (Int) -> Bool) {
        self.pieces = pieces
        self.body = body
    }

    func takePieces() {
        while true {
            let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard piece < pieces else { return }
            if !body(piece) { next.store(pieces, ordering: .relaxed) }
        }
    }
}

/// `@unchecked Sendable`: every mutable member is touched with `condition` locked only.
private final class Shared: @unchecked Sendable {
    private let condition = NSCondition()
    private var job: Job?
    private var generation = 0
    private var working = 0
    private var isClosed = false

    func open(_ job: Job) {
        condition.lock()
        self.job = job
        generation += 1
        condition.broadcast()
        condition.unlock()
    }

    /// Returns when no helper thread holds the job any more.
    func finish(_ job: Job) {
        condition.lock()
        self.job = nil
        while working > 0 { condition.wait() }
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    func work() {
        var seen = 0
        condition.lock()
        while !isClosed {
            guard let current = job, generation != seen else {
                condition.wait()
                continue
            }
            seen = generation
            working += 1
            condition.unlock()
            current.takePieces()
            condition.lock()
            working -= 1
            condition.broadcast()
        }
        condition.unlock()
    }
}
