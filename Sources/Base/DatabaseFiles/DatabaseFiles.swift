import Glibc

/// Which files an open database has, to notice when others, or none, lie in their places.
package struct DatabaseFiles: Sendable, Equatable {
    private struct Identity: Equatable {
        var device: UInt
        var number: UInt

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt(status.st_dev)
            number = UInt(status.st_ino)
        }
    }

    /// What lies where the database was opened.
    package enum Finding: Sendable { case inPlace, gone, replaced }

    private let path: String
    private let main: Identity?
    private let log: Identity?

    /// - Parameter path: of the database, which has just been opened and written.
    package init(_ path: String) {
        self.path = path
        main = Identity(path)
        log = Identity(Self.log(of: path))
    }

    /// The write-ahead log, where what was written last lies.
    package static func log(of path: String) -> String { path + "-wal" }
    /// The index of the log, which all that have the database open share.
    package static func sharedMemory(of path: String) -> String { path + "-shm" }

    /// Looks at the folder.
    package var finding: Finding {
        let now = Identity(path)
        if now != main { return now == nil ? .gone : .replaced }
        return Identity(Self.log(of: path)) == log ? .inPlace : .gone
    }
}
