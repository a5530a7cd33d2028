import Glibc

/// Which files the store has open, to notice when others, or none, lie in their places.
struct StoreFiles: Equatable {
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

    enum Finding { case inPlace, gone, replaced }

    private let path: String
    private let main: Identity?
    private let log: Identity?

    /// - Parameter path: of the database, which has just been opened and written.
    init(_ path: String) {
        self.path = path
        main = Identity(path)
        log = Identity(Self.log(of: path))
    }

    /// The write-ahead log, where what was written last lies.
    static func log(of path: String) -> String { path + "-wal" }
    static func sharedMemory(of path: String) -> String { path + "-shm" }

    var finding: Finding {
        let now = Identity(path)
        if now != main { return now == nil ? .gone : .replaced }
        return Identity(Self.log(of: path)) == log ? .inPlace : .gone
    }
}
