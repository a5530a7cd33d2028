import GRDB

/// The tables, version by version. A migration that has been released is never changed.
enum ResourceSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 resources, facets, tags, edges") { try $0.execute(sql: tables) }
        return migrator
    }

    /// Each way of sorting has an index that begins with the kind; SQLite adds the ordinal to each.
    private static let tables = """
        CREATE TABLE resource (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            scope TEXT NOT NULL,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            arn TEXT NOT NULL UNIQUE,
            status TEXT NOT NULL,
            created DOUBLE NOT NULL,
            modified DOUBLE NOT NULL,
            token TEXT,
            document TEXT NOT NULL,
            UNIQUE (kind, scope, name, version)
        );
        CREATE INDEX resource_by_name ON resource(kind, name);
        CREATE INDEX resource_by_creation ON resource(kind, created, name);
        CREATE INDEX resource_by_change ON resource(kind, modified, name);
        CREATE INDEX resource_by_status ON resource(kind, status, name);
        CREATE INDEX resource_by_token ON resource(kind, token) WHERE token IS NOT NULL;
        CREATE TABLE facet (
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            resource INTEGER NOT NULL REFERENCES resource(ordinal) ON DELETE CASCADE,
            PRIMARY KEY (kind, name, value, resource)
        ) WITHOUT ROWID;
        CREATE INDEX facet_by_resource ON facet(resource);
        CREATE TABLE counter (
            kind TEXT NOT NULL,
            scope TEXT NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (kind, scope)
        ) WITHOUT ROWID;
        CREATE TABLE tag (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            arn TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            UNIQUE (arn, key)
        );
        CREATE TABLE edge (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            family TEXT NOT NULL,
            source TEXT NOT NULL,
            target TEXT NOT NULL,
            label TEXT NOT NULL,
            source_type TEXT NOT NULL,
            source_name TEXT NOT NULL,
            target_type TEXT NOT NULL,
            target_name TEXT NOT NULL,
            created DOUBLE NOT NULL,
            author TEXT NOT NULL,
            UNIQUE (family, source, target)
        );
        CREATE INDEX edge_by_target ON edge(family, target);
        CREATE INDEX edge_by_creation ON edge(family, created);
        CREATE TABLE note (
            arn TEXT NOT NULL,
            name TEXT NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (arn, name)
        ) WITHOUT ROWID;
        """
}
