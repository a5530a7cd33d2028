import GRDB

/// The tables, version by version. A migration that has been released is never changed.
enum StoreSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 jobs, attempts, workers, lines") { database in
            try database.execute(
                sql: """
                    CREATE TABLE job (
                        ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
                        name TEXT NOT NULL UNIQUE,
                        invocation TEXT,
                        status TEXT NOT NULL,
                        request TEXT NOT NULL,
                        state TEXT NOT NULL
                    );
                    CREATE TABLE attempt (
                        job TEXT NOT NULL REFERENCES job(name) ON DELETE CASCADE,
                        number INTEGER NOT NULL,
                        record TEXT NOT NULL,
                        PRIMARY KEY (job, number)
                    ) WITHOUT ROWID;
                    CREATE TABLE status_transition (
                        job TEXT NOT NULL REFERENCES job(name) ON DELETE CASCADE,
                        sequence INTEGER NOT NULL,
                        status TEXT NOT NULL,
                        start_time DOUBLE NOT NULL,
                        end_time DOUBLE,
                        message TEXT NOT NULL,
                        PRIMARY KEY (job, sequence)
                    ) WITHOUT ROWID;
                    CREATE TABLE worker (
                        name TEXT PRIMARY KEY NOT NULL,
                        profile TEXT NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE stream_position (
                        job TEXT NOT NULL REFERENCES job(name) ON DELETE CASCADE,
                        attempt INTEGER NOT NULL,
                        stream TEXT NOT NULL,
                        next INTEGER NOT NULL,
                        PRIMARY KEY (job, attempt, stream)
                    ) WITHOUT ROWID;
                    CREATE TABLE log_stream (
                        id INTEGER PRIMARY KEY,
                        job TEXT NOT NULL REFERENCES job(name) ON DELETE CASCADE,
                        rank INTEGER NOT NULL,
                        name TEXT NOT NULL UNIQUE,
                        creation_time DOUBLE NOT NULL,
                        line_count INTEGER NOT NULL DEFAULT 0,
                        first_time DOUBLE,
                        last_time DOUBLE,
                        UNIQUE (job, rank)
                    );
                    CREATE TABLE log_line (
                        stream INTEGER NOT NULL REFERENCES log_stream(id) ON DELETE CASCADE,
                        line INTEGER NOT NULL,
                        time DOUBLE NOT NULL,
                        text TEXT NOT NULL,
                        PRIMARY KEY (stream, line)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2 clock") { database in
            try database.execute(
                sql: """
                    CREATE TABLE clock (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        boot TEXT NOT NULL,
                        uptime DOUBLE NOT NULL,
                        steady DOUBLE NOT NULL,
                        wall DOUBLE NOT NULL
                    );
                    """)
        }
        migrator.registerMigration("3 job specifications") { database in
            try database.execute(sql: "ALTER TABLE job ADD COLUMN spec TEXT")
        }
        return migrator
    }
}
