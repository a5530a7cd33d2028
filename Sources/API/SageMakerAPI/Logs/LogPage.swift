import SageMakerShapes

/// Which lines of a stream a GetLogEvents call reads, and the tokens it answers with.
///
/// A token is a place between two lines: `f/…` reads on from there, `b/…` reads back from there. The
/// lines in question are `first ..< end`, after the filter for time.
struct LogPage: Equatable {
    /// Lines to read, by number in the stream.
    let lines: Range<Int>

    /// - Throws: `APIFault` InvalidParameterException for a token of another kind.
    init(first: Int, end: Int, token: String?, limit: Int, startsFromHead: Bool) throws {
        let end = max(first, end)
        guard let token else {
            lines =
                startsFromHead
                ? first..<min(end, first + limit)
                : max(first, end - limit)..<end
            return
        }
        guard let place = Self.place(of: token) else {
            throw APIFault.invalidParameter("The specified nextToken is invalid.")
        }
        if token.hasPrefix("f/") {
            // A place beyond the filter's end stays where it is: the page is empty, the token the same.
            let start = max(place, first)
            lines = start..<max(start, min(end, start + limit))
        } else {
            let stop = max(first, min(place, end))
            lines = max(first, stop - limit)..<stop
        }
    }

    /// The page with fewer lines, those at its start or end.
    init(lines: Range<Int>) { self.lines = lines }

    var forwardToken: String { "f/" + Self.padded(lines.upperBound) }
    var backwardToken: String { "b/" + Self.padded(lines.lowerBound) }

    private static let width = 20

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func place(of token: String) -> Int? {
        guard token.hasPrefix("f/") || token.hasPrefix("b/"), token.count == width + 2 else { return nil }
        return Int(token.dropFirst(2)).flatMap { $0 >= 0 ? $0 : nil }
    }
}
