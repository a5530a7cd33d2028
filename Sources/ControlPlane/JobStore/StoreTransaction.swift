package import ClusterTypes
import Foundation
import GRDB
package import JobLifecycle

/// The writing half of the store; valid inside `JobStore.write` only.
package struct StoreTransaction {
    let database: Database

    /// Adds a job.
    package func insert(_ state: LifecycleState, invocationID: String?) throws {
        let record = state.record
        try database.execute(
            sql: "INSERT INTO job (name, invocation, status, request, spec, state) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                record.name.rawValue, invocationID, record.status.rawValue, record.requestJSON,
                record.specJSON, try encode(state.withoutHistory),
            ])
        try saveHistory(record, since: nil)
    }

    /// Gives a job of an earlier release its specification.
    package func setSpecification(_ text: String, of job: JobName) throws {
        try database.execute(
            sql: "UPDATE job SET spec = ? WHERE name = ?", arguments: [text, job.rawValue])
    }

    /// Writes what has changed between two states of a job.
    package func save(_ state: LifecycleState, replacing old: LifecycleState) throws {
        try database.execute(
            sql: "UPDATE job SET status = ?, state = ? WHERE name = ?",
            arguments: [
                state.record.status.rawValue, try encode(state.withoutHistory), state.record.name.rawValue,
            ])
        try saveHistory(state.record, since: old.record)
    }

    /// Forgets a job with its attempts and logs.
    package func remove(_ name: JobName) throws {
        try database.execute(sql: "DELETE FROM job WHERE name = ?", arguments: [name.rawValue])
    }

    /// Writes a worker's row, new or known.
    package func save(_ worker: WorkerProfile) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO worker VALUES (?, ?)",
            arguments: [worker.id.rawValue, try encode(worker)])
    }

    package func forget(_ worker: WorkerID) throws {
        try database.execute(sql: "DELETE FROM worker WHERE name = ?", arguments: [worker.rawValue])
    }

    /// Remembers the time.
    package func save(_ clock: ClockReading) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?, ?)",
            arguments: [clock.boot, clock.uptime, clock.steady, clock.wall])
    }

    /// How far a stream of an attempt is stored, in bytes of the worker's file.
    package func position(_ attempt: AttemptID, stream: String) throws -> UInt64 {
        let next = try Int64.fetchOne(
            database,
            sql: "SELECT next FROM stream_position WHERE job = ? AND attempt = ? AND stream = ?",
            arguments: [attempt.job.rawValue, attempt.number, stream])
        return UInt64(next ?? 0)
    }

    /// Remembers that a stream is stored up to `next`.
    package func setPosition(_ attempt: AttemptID, stream: String, next: UInt64) throws {
        try database.execute(
            sql: "INSERT OR REPLACE INTO stream_position VALUES (?, ?, ?, ?)",
            arguments: [attempt.job.rawValue, attempt.number, stream, Int64(clamping: next)])
    }

    /// Appends lines to the log of a rank; the first line opens the stream.
    ///
    /// - Parameter name: of the stream, should it be new.
    package func append(_ lines: [LogLine], job: JobName, rank: Int, name: String, at time: Double) throws {
        guard let first = lines.first, let last = lines.last else { return }
        try database.execute(
            sql: "INSERT OR IGNORE INTO log_stream (job, rank, name, creation_time) VALUES (?, ?, ?, ?)",
            arguments: [job.rawValue, rank, name, time])
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT id, line_count FROM log_stream WHERE job = ? AND rank = ?",
                arguments: [job.rawValue, rank])
        else { return }
        let stream: Int64 = row["id"]
        let count: Int = row["line_count"]
        let insert = try database.cachedStatement(sql: "INSERT INTO log_line VALUES (?, ?, ?, ?)")
        for (index, line) in lines.enumerated() {
            try insert.execute(arguments: [stream, count + index, line.time, line.text])
        }
        try database.execute(
            sql: """
                UPDATE log_stream SET line_count = ?, first_time = coalesce(first_time, ?), last_time = ?
                WHERE id = ?
                """,
            arguments: [count + lines.count, first.time, last.time, stream])
    }

    private func saveHistory(_ record: JobRecord, since old: JobRecord?) throws {
        for (index, attempt) in record.attempts.enumerated() {
            if let old, index < old.attempts.count, old.attempts[index] == attempt { continue }
            try database.execute(
                sql: "INSERT OR REPLACE INTO attempt VALUES (?, ?, ?)",
                arguments: [record.name.rawValue, attempt.number, try encode(attempt)])
        }
        for (index, transition) in record.transitions.enumerated() {
            if let old, index < old.transitions.count, old.transitions[index] == transition { continue }
            try database.execute(
                sql: "INSERT OR REPLACE INTO status_transition VALUES (?, ?, ?, ?, ?, ?)",
                arguments: [
                    record.name.rawValue, index, transition.status.rawValue, transition.startTime,
                    transition.endTime, transition.message,
                ])
        }
    }

    private func encode(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
}
