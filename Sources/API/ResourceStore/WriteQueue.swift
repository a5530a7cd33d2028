import Dispatch
import GRDB
import Synchronization

/// Writes that wait for the disk, committed together: one synchronization serves all that came while
/// the one before was under way.
final class WriteQueue: Sendable {
    /// A write: runs in a transaction of its own within the common one, and is told whether that held.
    private struct Entry: Sendable {
        var run: @Sendable (Database) -> (any Error)?
        var finish: @Sendable ((any Error)?) -> Void
    }

    private struct Waiting {
        var entries: [Entry] = []
        var isDraining = false
    }

    private let waiting = Mutex(Waiting())
    private let thread = DispatchQueue(label: "resource store")
    /// Most writes of one commit.
    private static let mostEntries = 256

    /// Runs `body` with others in one commit.
    ///
    /// - Parameter perform: runs a batch on the database, or throws where there is none to write.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result,
        perform: @escaping @Sendable ((any DatabaseWriter) throws -> Void) throws -> Void
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let outcome = Outcome<Result>()
            let entry = Entry(
                run: { outcome.set(Self.attempt(body, $0)) },
                finish: { error in
                    if let error { return continuation.resume(throwing: error) }
                    continuation.resume(with: outcome.get())
                })
            let isFirst = waiting.withLock { waiting in
                waiting.entries.append(entry)
                defer { waiting.isDraining = true }
                return !waiting.isDraining
            }
            if isFirst { thread.async { self.drain(perform) } }
        }
    }

    /// A savepoint of its own: what one write throws undoes nothing of its neighbours.
    private static func attempt<Result>(
        _ body: (StoreTransaction) throws -> Result, _ database: Database
    ) -> Swift.Result<Result, any Error> {
        Swift.Result {
            var result: Result?
            try database.inSavepoint {
                result = try body(StoreTransaction(database: database))
                return .commit
            }
            guard let result else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
            return result
        }
    }

    private func drain(_ perform: ((any DatabaseWriter) throws -> Void) throws -> Void) {
        while let batch = next() {
            do {
                try perform { database in
                    try database.write { database in
                        for entry in batch {
                            // On a full disk SQLite gives up the whole transaction.
                            if let error = entry.run(database), !database.isInsideTransaction { throw error }
                        }
                    }
                }
                for entry in batch { entry.finish(nil) }
            } catch {
                for entry in batch { entry.finish(error) }
            }
        }
    }

    private func next() -> [Entry]? {
        waiting.withLock { waiting in
            guard !waiting.entries.isEmpty else {
                waiting.isDraining = false
                return nil
            }
            let batch = Array(waiting.entries.prefix(Self.mostEntries))
            waiting.entries.removeFirst(batch.count)
            return batch
        }
    }
}

/// What a write came to, handed from the writing thread to the caller.
private final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Result<Value, any Error>?>(nil)

    /// - Returns: the error, if it is one.
    func set(_ result: Result<Value, any Error>) -> (any Error)? {
        value.withLock { $0 = result }
        if case .failure(let error) = result { return error }
        return nil
    }

    func get() -> Result<Value, any Error> {
        value.withLock { $0 } ?? .failure(DatabaseError(resultCode: .SQLITE_MISUSE))
    }
}
