import DatabaseFiles
import Diagnostics
import GRDB
import Storage
import Synchronization

/// What clients made and the cluster only keeps, in one SQLite file beside the job store: resources with
/// their facets, tags and edges. What a call has written survives a crash of the process and of the
/// machine (write-ahead log, `synchronous = FULL`).
///
/// Readers neither wait for writers nor for one another. Writes that come while the disk is busy are
/// committed together.
public final class ResourceStore: Sendable {
    private struct Opened {
        var database: any DatabaseWriter
        /// `nil` for a store in memory.
        var files: DatabaseFiles?
        /// What has happened to the file and nobody was told of yet.
        var news: String?
    }

    private let opened: Mutex<Opened>
    private let trouble: DatabaseTrouble
    private let queue = WriteQueue()
    /// Where the file lies, for messages.
    public let path: String

    /// Opens or creates the file and brings it to this release's schema.
    ///
    /// - Throws: `.damaged` when it is no database, `.io` when it cannot be opened.
    public init(path: String) throws {
        self.path = path
        trouble = Self.trouble(path)
        opened = Mutex(try Self.open(path))
    }

    /// A store that is gone with the process, for tests.
    ///
    /// - Throws: `.io` when SQLite has no memory.
    public init(inMemory name: String) throws {
        path = name
        trouble = Self.trouble(name)
        do {
            let database = try DatabaseQueue(configuration: Self.configuration)
            try ResourceSchema.migrator.migrate(database)
            opened = Mutex(Opened(database: database))
        } catch {
            throw trouble.translated(error)
        }
    }

    /// How long another program's lock on the file is waited for, in seconds.
    private static let patienceSeconds = 1.0
    /// Readers at a time.
    private static let mostReaders = 8

    private static func trouble(_ path: String) -> DatabaseTrouble {
        DatabaseTrouble(noun: "resource store", path: path)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.maximumReaderCount = mostReaders
        configuration.busyMode = .timeout(patienceSeconds)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return configuration
    }

    private static func open(_ path: String) throws -> Opened {
        do {
            let database = try DatabasePool(path: path, configuration: configuration)
            try ResourceSchema.migrator.migrate(database)
            // The write-ahead log is there from the first write on.
            try database.write { try $0.execute(sql: "UPDATE counter SET last = last") }
            return Opened(database: database, files: DatabaseFiles(path))
        } catch {
            throw trouble(path).translated(error)
        }
    }

    /// Closes the file; the store cannot be used afterwards.
    public func close() throws {
        do { try opened.withLock { $0.database }.close() } catch { throw trouble.translated(error) }
    }

    /// Reads what is there at one moment.
    ///
    /// - Throws: what `body` throws; `.io` when the file cannot be read now.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (StoreView) throws -> Result
    ) async throws -> Result {
        let database = opened.withLock { $0.database }
        return try await translating { try await database.read { try body(StoreView(database: $0)) } }
    }

    /// Runs `body` in a transaction: when this returns all of it is on disk, on a throw none of it is.
    /// `body` may run more than once and should do nothing but read and write the store.
    ///
    /// - Throws: what `body` throws; `.io` or `.full` when the file cannot be written now.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (StoreTransaction) throws -> Result
    ) async throws -> Result {
        try await translating {
            try await queue.run(body) { batch in
                let database = try self.opened.withLock { opened in
                    try self.keep(&opened)
                    return opened.database
                }
                try batch(database)
            }
        }
    }

    private func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as DatabaseError {
            throw trouble.translated(error)
        }
    }

    /// Sees that the file is still where it was opened. Where somebody has removed it, or its log, it is
    /// written anew from what is open: nothing that was acknowledged is lost.
    ///
    /// - Returns: what has happened since the last call, in words; `nil`: nothing.
    /// - Throws: `.io` while another file lies in its place, or none can be written.
    public func keepInPlace() throws -> String? {
        try opened.withLock { opened in
            try keep(&opened)
            defer { opened.news = nil }
            return opened.news
        }
    }

    private func keep(_ opened: inout Opened) throws {
        switch opened.files?.finding ?? .inPlace {
        case .inPlace: break
        case .replaced: throw trouble.replaced
        case .gone:
            try restore(&opened)
            opened.news = trouble.restored
        }
    }

    private func restore(_ opened: inout Opened) throws {
        let copy = path + ".restoring"
        do {
            try FileSystem.remove(copy)
            try opened.database.writeWithoutTransaction {
                try $0.execute(sql: "VACUUM INTO ?", arguments: [copy])
            }
            // An old log beside the new file would be taken for its own.
            for path in [DatabaseFiles.log(of: path), DatabaseFiles.sharedMemory(of: path)] {
                try FileSystem.remove(path)
            }
            try FileSystem.rename(copy, to: path)
            try FileSystem.synchronizeFolder(FileSystem.parent(of: path) ?? "/")
        } catch {
            throw trouble.lost(error)
        }
        let old = opened.database
        opened = try Self.open(path)
        // Everything is in the new file.
        try? old.close()
    }
}
