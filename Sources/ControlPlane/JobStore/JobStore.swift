package import ClusterTypes
import DatabaseFiles
import Diagnostics
import Foundation
import GRDB
import Glibc
package import JobLifecycle
import Storage
import Synchronization

/// A job as it is read back.
package struct StoredJob: Sendable, Equatable {
    package var state: LifecycleState
    /// The amz-sdk-invocation-id of the call that created it.
    package var invocationID: String?
}

/// The coordinator's memory: one SQLite file. What a call has written survives a crash of the process
/// and of the machine (write-ahead log, `synchronous = FULL`).
package final class JobStore: Sendable {
    private let opened: Mutex<Opened>
    /// Where the file lies, for messages.
    package let path: String

    /// Opens or creates the file and brings it to this release's schema.
    ///
    /// - Throws: `.damaged` when it is no database, `.io` when it cannot be opened.
    package init(path: String) throws {
        self.path = path
        opened = Mutex(try Self.open(path))
    }

    private struct Opened {
        var database: DatabaseQueue
        var files: DatabaseFiles
        /// What has happened to the file and nobody was told of yet.
        var news: String?
    }

    /// How long another program's lock on the file is waited for, in seconds.
    private static let patienceSeconds = 1.0

    private static func open(_ path: String) throws -> Opened {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(Self.patienceSeconds)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL;
                    PRAGMA journal_size_limit = \(Self.logBytesMax)
                    """)
        }
        do {
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try StoreSchema.migrator.migrate(database)
            try Self.makeShrinkable(database)
            // The write-ahead log is there from the first write on.
            try database.write { try $0.execute(sql: "UPDATE clock SET id = id") }
            return Opened(database: database, files: DatabaseFiles(path))
        } catch {
            throw translate(error, path)
        }
    }

    /// A file of an earlier release is written anew once, so that what is removed from it frees its disk.
    private static func makeShrinkable(_ database: DatabaseQueue) throws {
        let isShrinkable = try database.read { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") } == 2
        guard !isShrinkable else { return }
        // Without room for a second file it stays as it is, and its space is used again.
        try? database.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
    }

    /// What the write-ahead log may keep of the disk when its content is in the file, in bytes.
    private static let logBytesMax = 4 << 20
    /// How much of the file is given back in one piece, in pages of 4 KiB.
    private static let pagesAtOnce = 1024

    /// Gives a piece of what is empty in the file back to the disk.
    ///
    /// - Returns: whether more is empty.
    /// - Throws: `.io` or `.full` when the file cannot be written now.
    package func shrink() throws -> Bool {
        do {
            return try database.writeWithoutTransaction { database in
                let empty = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
                guard empty > 0, try Int.fetchOne(database, sql: "PRAGMA auto_vacuum") == 2 else {
                    return false
                }
                try database.execute(sql: "PRAGMA incremental_vacuum(\(Self.pagesAtOnce))")
                guard empty > Self.pagesAtOnce else {
                    try database.checkpoint(.truncate)
                    return false
                }
                return true
            }
        } catch {
            throw Self.translate(error, path)
        }
    }

    private var database: DatabaseQueue { opened.withLock { $0.database } }

    /// Sees that the file is still where it was opened. Where somebody has removed it, or its log, it is
    /// written anew from what is open: nothing that was acknowledged is lost.
    ///
    /// - Returns: what has happened since the last call, in words; `nil`: nothing.
    /// - Throws: `.io` while another file lies in its place, or none can be written.
    package func keepInPlace() throws -> String? {
        try opened.withLock { opened in
            try keep(&opened)
            defer { opened.news = nil }
            return opened.news
        }
    }

    private func keep(_ opened: inout Opened) throws {
        switch opened.files.finding {
        case .inPlace: break
        case .replaced:
            throw DatabaseTrouble(noun: "job store", path: path).replaced
        case .gone:
            try restore(&opened)
            opened.news = DatabaseTrouble(noun: "job store", path: path).restored
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
            throw DatabaseTrouble(noun: "job store", path: path).lost(error)
        }
        let (old, news) = (opened.database, opened.news)
        opened = try Self.open(path)
        opened.news = news
        // Everything is in the new file.
        try? old.close()
    }

    /// Closes the file; the store cannot be used afterwards.
    package func close() throws {
        do { try database.close() } catch { throw Self.translate(error, path) }
    }

    /// Runs `body` in one transaction: on return all of it is on disk, on a throw none.
    ///
    /// - Throws: what `body` throws; `.io` or `.full` when the file cannot be written now.
    package func write<Result>(_ body: (StoreTransaction) throws -> Result) throws -> Result {
        let database = try opened.withLock { opened in
            try keep(&opened)
            return opened.database
        }
        do {
            return try database.write { try body(StoreTransaction(database: $0)) }
        } catch {
            throw Self.translate(error, path)
        }
    }

    /// All jobs, oldest first.
    package func jobs() throws -> [StoredJob] {
        try read { database in
            let attempts = try Self.attempts(database)
            let transitions = try Self.transitions(database)
            let rows = try Row.fetchAll(
                database, sql: "SELECT name, invocation, request, spec, state FROM job ORDER BY ordinal")
            return try rows.map { row in
                let name: String = row["name"]
                let state = try Self.decode(LifecycleState.self, row["state"])
                return StoredJob(
                    state: state.withHistory(
                        requestJSON: row["request"], specJSON: row["spec"],
                        attempts: attempts[name] ?? [], transitions: transitions[name] ?? []),
                    invocationID: row["invocation"])
            }
        }
    }

    /// The time that was stored last; `nil` in a new store.
    package func clock() throws -> ClockReading? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM clock").map {
                ClockReading(boot: $0["boot"], uptime: $0["uptime"], steady: $0["steady"], wall: $0["wall"])
            }
        }
    }

    /// All workers that have ever registered, by name.
    package func workers() throws -> [WorkerProfile] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT profile FROM worker ORDER BY name")
                .map { try Self.decode(WorkerProfile.self, $0["profile"]) }
        }
    }

    /// What the store holds of a job, in bytes of text.
    package func bytes(of job: JobName) throws -> Int {
        try read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT coalesce((SELECT length(request) + length(state) FROM job WHERE name = $1), 0)
                        + coalesce((SELECT sum(length(record)) FROM attempt WHERE job = $1), 0)
                        + coalesce((SELECT sum(length(text)) FROM log_line JOIN log_stream ON id = stream
                            WHERE job = $1), 0)
                    """,
                arguments: [job.rawValue]) ?? 0
        }
    }

    /// The log streams of a job, by rank.
    package func logStreams(_ job: JobName) throws -> [LogStreamRecord] {
        try read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM log_stream WHERE job = ? ORDER BY rank",
                arguments: [job.rawValue]
            ).map { row in
                LogStreamRecord(
                    name: row["name"], creationTime: row["creation_time"],
                    firstEventTime: row["first_time"], lastEventTime: row["last_time"])
            }
        }
    }

    /// Number of lines of a stream, or `nil` when there is no such stream.
    package func logLineCount(stream: String) throws -> Int? {
        try read { database in
            try Int.fetchOne(
                database, sql: "SELECT line_count FROM log_stream WHERE name = ?", arguments: [stream])
        }
    }

    /// Lines `offset ..< offset + limit` of a stream, fewer at its end.
    package func logLines(stream: String, from offset: Int, limit: Int) throws -> [LogLine] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT log_line.time, log_line.text FROM log_line JOIN log_stream ON id = stream
                    WHERE name = ? AND line >= ? ORDER BY line LIMIT ?
                    """,
                arguments: [stream, offset, limit]
            ).map { LogLine(time: $0["time"], text: $0["text"]) }
        }
    }

    private func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do {
            return try database.read(body)
        } catch {
            throw Self.translate(error, path)
        }
    }

    private static func attempts(_ database: Database) throws -> [String: [AttemptRecord]] {
        let rows = try Row.fetchAll(database, sql: "SELECT job, record FROM attempt ORDER BY job, number")
        return try Dictionary(grouping: rows) { $0["job"] }
            .mapValues { try $0.map { try decode(AttemptRecord.self, $0["record"]) } }
    }

    private static func transitions(_ database: Database) throws -> [String: [StatusTransition]] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT * FROM status_transition ORDER BY job, sequence")
        return try Dictionary(grouping: rows) { $0["job"] }.mapValues { rows in
            try rows.map { row in
                guard let status = SecondaryStatus(rawValue: row["status"]) else {
                    throw LockstepError(.damaged, "unknown status \(row["status"] as String)")
                }
                return StatusTransition(
                    status: status, startTime: row["start_time"], endTime: row["end_time"],
                    message: row["message"])
            }
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw LockstepError(.damaged, "a stored \(type) cannot be read", cause: error)
        }
    }

    private static func translate(_ error: any Error, _ path: String) -> any Error {
        DatabaseTrouble(noun: "job store", path: path).translated(error)
    }
}
