import FoundationEssentials

/// Points in time as the API carries them: seconds since 1970 with a fraction, or ISO 8601 text.
public enum Timestamp {
    /// Seconds since 1970 of `2026-11-20T23:52:47Z`, with or without a fraction; `nil` for other text.
    public static func seconds(ofISO8601 text: String) -> Double? {
        if let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text) {
            return date.timeIntervalSince1970
        }
        return (try? Date.ISO8601FormatStyle().parse(text))?.timeIntervalSince1970
    }

    /// `2026-11-20T23:52:47Z`.
    public static func iso8601(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).ISO8601Format()
    }

    /// The time a request member holds; `nil` when it holds no time.
    public static func seconds(_ value: JSONValue) -> Double? {
        value.real ?? value.string.flatMap { seconds(ofISO8601: $0) }
    }
}
