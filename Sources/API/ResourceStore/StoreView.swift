import Diagnostics
import Foundation
import GRDB
import JSON

/// What the store holds at one moment; valid inside `ResourceStore.read` and `write` only.
public struct StoreView {
    let database: Database

    /// The resource of that name; of several versions the newest.
    public func resource(
        _ kind: String, scope: String = "", _ name: String, version: Int? = nil
    ) throws -> StoredResource? {
        let row =
            if let version {
                try Row.fetchOne(
                    database,
                    sql: """
                        SELECT * FROM resource WHERE kind = ? AND scope = ? AND name = ? AND version = ?
                        """, arguments: [kind, scope, name, version])
            } else {
                try Row.fetchOne(
                    database,
                    sql: """
                        SELECT * FROM resource WHERE kind = ? AND scope = ? AND name = ?
                        ORDER BY version DESC LIMIT 1
                        """, arguments: [kind, scope, name])
            }
        return try row.map(Self.resource)
    }

    /// The resource of that ARN.
    public func resource(arn: String) throws -> StoredResource? {
        try Row.fetchOne(database, sql: "SELECT * FROM resource WHERE arn = ?", arguments: [arn])
            .map(Self.resource)
    }

    /// The resource that a call with this token made.
    public func resource(_ kind: String, token: String) throws -> StoredResource? {
        try Row.fetchOne(
            database, sql: "SELECT * FROM resource WHERE kind = ? AND token = ?", arguments: [kind, token]
        ).map(Self.resource)
    }

    /// A page of a list.
    ///
    /// - Throws: `.usage` for a token that no earlier page of the query gave.
    public func list(_ query: ListQuery) throws -> Page<StoredResource> {
        try query.select.page(database, Self.resource)
    }

    /// How many resources a list has on all its pages.
    public func count(_ query: ListQuery) throws -> Int { try query.select.count(database) }

    /// Tags of an ARN, oldest first.
    public func tags(_ arn: String) throws -> [ResourceTag] {
        try Row.fetchAll(
            database, sql: "SELECT key, value FROM tag WHERE arn = ? ORDER BY ordinal", arguments: [arn]
        ).map { ResourceTag(key: $0["key"], value: $0["value"]) }
    }

    /// A text that is kept beside an ARN: the policy of a model package group.
    public func note(_ name: String, of arn: String) throws -> String? {
        try String.fetchOne(
            database, sql: "SELECT text FROM note WHERE arn = ? AND name = ?", arguments: [arn, name])
    }

    static func resource(_ row: Row) throws -> StoredResource {
        StoredResource(
            kind: row["kind"], scope: row["scope"], name: row["name"], version: row["version"],
            arn: row["arn"], status: row["status"], created: row["created"], modified: row["modified"],
            token: row["token"], document: try value(row["document"]))
    }

    static func value(_ text: String) throws -> JSONValue {
        do {
            return try JSONValue(parsing: Data(text.utf8))
        } catch {
            throw LockstepError(.damaged, "a stored document cannot be read", cause: error)
        }
    }
}
