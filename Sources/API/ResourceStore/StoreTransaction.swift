import GRDB
import JSON

/// The writing half of the store; valid inside `ResourceStore.write` only.
public struct StoreTransaction {
    let database: Database

    /// What the store holds, this transaction's changes included.
    public var view: StoreView { StoreView(database: database) }

    /// Adds a resource.
    ///
    /// - Returns: whether it is new; nothing changes where its name or ARN is taken.
    public func insert(_ resource: StoredResource) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO resource
                    (kind, scope, name, version, arn, status, created, modified, token, document)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """)
        try statement.execute(arguments: [
            resource.kind, resource.scope, resource.name, resource.version, resource.arn, resource.status,
            resource.created, resource.modified, resource.token, try resource.document.text(),
        ])
        guard database.changesCount == 1 else { return false }
        try addFacets(of: resource, ordinal: database.lastInsertedRowID)
        return true
    }

    /// Writes the status, the document, the facets and the time of change of a resource that is there.
    public func replace(_ resource: StoredResource) throws {
        guard
            let ordinal = try Int64.fetchOne(
                database, sql: "SELECT ordinal FROM resource WHERE arn = ?", arguments: [resource.arn])
        else { return }
        try database.execute(
            sql: "UPDATE resource SET status = ?, modified = ?, document = ? WHERE ordinal = ?",
            arguments: [resource.status, resource.modified, try resource.document.text(), ordinal])
        try database.execute(sql: "DELETE FROM facet WHERE resource = ?", arguments: [ordinal])
        try addFacets(of: resource, ordinal: ordinal)
    }

    private func addFacets(of resource: StoredResource, ordinal: Int64) throws {
        guard !resource.facets.isEmpty else { return }
        let statement = try database.cachedStatement(sql: "INSERT INTO facet VALUES (?, ?, ?, ?)")
        for (name, value) in resource.facets {
            try statement.execute(arguments: [resource.kind, name, value, ordinal])
        }
    }

    /// Removes the resource of that ARN with its tags, its notes and its edges.
    public func delete(arn: String) throws {
        try database.execute(sql: "DELETE FROM resource WHERE arn = ?", arguments: [arn])
        try database.execute(sql: "DELETE FROM tag WHERE arn = ?", arguments: [arn])
        try database.execute(sql: "DELETE FROM note WHERE arn = ?", arguments: [arn])
        try database.execute(sql: "DELETE FROM edge WHERE source = ? OR target = ?", arguments: [arn, arn])
    }

    /// The next number of a series, from 1 on; one that was given is never given again.
    public func nextNumber(_ kind: String, scope: String) throws -> Int {
        try database.execute(
            sql: """
                INSERT INTO counter VALUES (?, ?, 1)
                ON CONFLICT (kind, scope) DO UPDATE SET last = last + 1
                """, arguments: [kind, scope])
        return try Int.fetchOne(
            database, sql: "SELECT last FROM counter WHERE kind = ? AND scope = ?", arguments: [kind, scope])
            ?? 1
    }

    /// Adds tags to an ARN; a key that is there gets the new value.
    public func setTags(_ tags: [ResourceTag], of arn: String) throws {
        guard !tags.isEmpty else { return }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO tag (arn, key, value) VALUES (?, ?, ?)
                ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value
                """)
        for tag in tags { try statement.execute(arguments: [arn, tag.key, tag.value]) }
    }

    /// Takes tags off an ARN.
    public func removeTags(_ keys: [String], of arn: String) throws {
        for key in keys {
            try database.execute(sql: "DELETE FROM tag WHERE arn = ? AND key = ?", arguments: [arn, key])
        }
    }

    /// Keeps a text beside an ARN; `nil` removes it.
    public func setNote(_ name: String, _ text: String?, of arn: String) throws {
        if let text {
            try database.execute(
                sql: "INSERT OR REPLACE INTO note VALUES (?, ?, ?)", arguments: [arn, name, text])
        } else {
            try database.execute(
                sql: "DELETE FROM note WHERE arn = ? AND name = ?", arguments: [arn, name])
        }
    }

    /// Adds an edge.
    ///
    /// - Returns: whether it is new; nothing changes where the family has one between the two ends.
    public func insert(_ edge: ResourceEdge) throws -> Bool {
        try database.execute(
            sql: """
                INSERT INTO edge (family, source, target, label, source_type, source_name, target_type,
                    target_name, created, author)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
            arguments: [
                edge.family, edge.source.arn, edge.target.arn, edge.label, edge.source.type,
                edge.source.name, edge.target.type, edge.target.name, edge.created, try edge.author.text(),
            ])
        return database.changesCount == 1
    }

    /// Removes an edge.
    ///
    /// - Returns: whether there was one.
    public func deleteEdge(_ family: String, from source: String, to target: String) throws -> Bool {
        try database.execute(
            sql: "DELETE FROM edge WHERE family = ? AND source = ? AND target = ?",
            arguments: [family, source, target])
        return database.changesCount == 1
    }
}
