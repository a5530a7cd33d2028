import Diagnostics
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Runs asynchronous work from this program's synchronous main thread.
enum Waiting {
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let box = OutcomeBox<Value>()
        Task {
            do {
                box.set(.success(try await body()))
            } catch {
                box.set(.failure(error))
            }
            done.signal()
        }
        done.wait()
        return try box.get()
    }

    /// Asks until the answer is yes.
    ///
    /// - Throws: `.bug` with the sentence `failure` when that takes too long.
    static func eventually(_ seconds: Double, _ failure: String, _ body: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while try !body() {
            guard Date() < deadline else { throw LockstepError(.bug, failure) }
            usleep(50_000)
        }
    }
}

private final class OutcomeBox<Value: Sendable>: Sendable {
    private let outcome = Mutex<Result<Value, any Error>?>(nil)
    func set(_ value: Result<Value, any Error>) { outcome.withLock { $0 = value } }
    func get() throws -> Value {
        guard let outcome = outcome.withLock({ $0 }) else {
            throw LockstepError(.bug, "the measurement ended without an outcome")
        }
        return try outcome.get()
    }
}
