import Diagnostics
import Foundation

/// A world whose ranks are threads of this process: for tests and for programs run without MPI.
public enum LoopbackWorld {
    /// Runs `body` once for each of `size` ranks at the same time.
    ///
    /// Collectives check what MPI cannot: ranks that make different calls, or calls of different sizes,
    /// get an error that says so. When a rank throws, aborts, or returns while others wait for it, the
    /// others are released with an error.
    ///
    /// - Returns: the result of every rank, in order of rank.
    /// - Throws: the error of the rank that failed first. A rank that called `abort` fails with a
    ///   `LockstepError(.conflict)` that tells its exit status; its thread is parked for good.
    public static func run<Result: Sendable>(
        size: Int, _ body: @escaping @Sendable (any Communicator) throws -> Result
    ) throws -> [Result] {
        precondition(size > 0, "a world has at least one rank")
        let meeting = LoopbackMeeting(size: size)
        let outcomes = Outcomes<Result>(size: size)
        for rank in 0..<size {
            let thread = Thread {
                let communicator = LoopbackCommunicator(rank: rank, size: size, meeting: meeting)
                do {
                    outcomes.set(try body(communicator), rank)
                    meeting.leave(rank, with: nil)
                } catch {
                    meeting.leave(rank, with: error)
                }
            }
            thread.name = "rank-\(rank)"
            thread.stackSize = 1 << 24
            thread.start()
        }
        if let failure = meeting.waitForEnd() { throw failure }
        return outcomes.all()
    }
}

/// `@unchecked Sendable`: every access to `results` holds `lock`.
private final class Outcomes<Result: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [Result?]

    init(size: Int) { results = Array(repeating: nil, count: size) }
    func set(_ result: Result, _ rank: Int) { lock.withLock { results[rank] = result } }
    func all() -> [Result] { lock.withLock { results.compactMap { $0 } } }
}
