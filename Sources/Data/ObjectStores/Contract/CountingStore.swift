import Diagnostics
import Synchronization

/// What has gone through a store.
package struct TransferCount: Sendable, Equatable {
    /// Calls that have ended, well or not.
    package var calls = 0
    package var failures = 0
    /// Bytes that readers were given.
    package var bytesRead = 0
    /// Bytes of puts that succeeded.
    package var bytesWritten = 0
    package init() {}
}

/// A store that counts, and tells of progress.
package final class CountingStore: ObjectStore {
    private let store: any ObjectStore
    private let state = Mutex(TransferCount())
    private let progress: @Sendable (TransferCount) -> Void

    /// - Parameter progress: is told after each piece that was read, and after each call.
    package init(_ store: any ObjectStore, progress: @escaping @Sendable (TransferCount) -> Void = { _ in }) {
        self.store = store
        self.progress = progress
    }

    package var count: TransferCount { state.withLock { $0 } }
    package var location: String { store.location }

    @discardableResult
    package func put(
        _ content: ObjectContent, as key: String, if condition: PutCondition
    ) async throws -> String {
        let tally = Tally()
        return try await call {
            let version = try await store.put(tally.counting(content), as: key, if: condition)
            add { $0.bytesWritten += tally.bytes.load(ordering: .relaxed) }
            return version
        }
    }

    @discardableResult
    package func get(
        _ key: String, range: Range<Int>?, version: String?, _ take: ([UInt8]) async throws -> Void
    ) async throws -> ObjectInfo {
        try await call {
            try await store.get(key, range: range, version: version) { piece in
                try await take(piece)
                add { $0.bytesRead += piece.count }
            }
        }
    }

    package func head(_ key: String) async throws -> ObjectInfo? {
        try await call { try await store.head(key) }
    }

    package func list(prefix: String, after: String?, limit: Int) async throws -> ObjectPage {
        try await call { try await store.list(prefix: prefix, after: after, limit: limit) }
    }

    package func delete(_ key: String) async throws { try await call { try await store.delete(key) } }

    package func copy(_ key: String, to target: String) async throws {
        try await call { try await store.copy(key, to: target) }
    }

    private func call<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            add { $0.calls += 1 }
            return result
        } catch {
            add {
                $0.calls += 1
                $0.failures += 1
            }
            throw error
        }
    }

    private func add(_ change: (inout TransferCount) -> Void) {
        let count = state.withLock { count in
            change(&count)
            return count
        }
        progress(count)
    }
}

/// The bytes of one put.
private final class Tally: Sendable {
    let bytes = Atomic(0)

    func counting(_ content: ObjectContent) throws -> ObjectContent {
        switch content {
        case .bytes(let all): bytes.store(all.count, ordering: .relaxed)
        case .file(let path): bytes.store(try ContentFile(path).size, ordering: .relaxed)
        case .stream(let next):
            return .stream {
                let piece = try await next()
                self.bytes.add(piece?.count ?? 0, ordering: .relaxed)
                return piece
            }
        }
        return content
    }
}
