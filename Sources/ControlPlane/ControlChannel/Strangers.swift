import Logging
import NIOCore
import Synchronization

/// Connections that have not shown the token yet. There may be only so many: when one more comes, the oldest
/// has to go. Whoever knows the token is through in milliseconds.
final class Strangers: Sendable {
    /// Most at a time.
    static let limit = 256

    private struct Book {
        var next = 0
        /// In the order in which they came.
        var channels: [(number: Int, channel: any Channel)] = []
        var turnedAway = 0
    }

    private let book = Mutex(Book())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// - Returns: the connection's number, for `leave`.
    func enter(_ channel: any Channel) -> Int {
        let (number, oldest, count) = book.withLock { book in
            let number = book.next
            book.next += 1
            book.channels.append((number, channel))
            guard book.channels.count > Self.limit else { return (number, (any Channel)?.none, 0) }
            book.turnedAway += 1
            return (number, book.channels.removeFirst().channel, book.turnedAway)
        }
        oldest?.close(promise: nil)
        // The first, and then now and then: a flood must not fill the log.
        if oldest != nil, count == 1 || count.isMultiple(of: 1000) {
            logger.warning(
                "too many connections without a token: the oldest are closed",
                metadata: ["limit": "\(Self.limit)", "closed": "\(count)"])
        }
        return number
    }

    /// It has come through, or is gone. May be told twice.
    func leave(_ number: Int) {
        book.withLock { book in
            // The newest leave first.
            if let index = book.channels.lastIndex(where: { $0.number == number }) {
                book.channels.remove(at: index)
            }
        }
    }
}
