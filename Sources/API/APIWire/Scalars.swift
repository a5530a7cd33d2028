import FoundationEssentials
import JSON
import ServiceModels

/// Values that are written as text: in paths, queries, headers, forms and XML.
enum Scalars {
    /// What `text` is as a value of `shape`; itself where it is no such value, so that the check says so.
    static func value(_ text: String, _ shape: Shape, _ timestampFormat: String? = nil) -> JSONValue {
        switch shape.kind {
        case .integer, .long: Int(text).map(JSONValue.integer) ?? .string(text)
        case .float, .double: Double(text).flatMap { $0.isFinite ? .number($0) : nil } ?? .string(text)
        case .boolean: ["true": .bool(true), "false": .bool(false)][text] ?? .string(text)
        case .timestamp:
            Double(text).map(JSONValue.number) ?? HTTPDate.seconds(text).map(JSONValue.number)
                ?? .string(text)
        case .document, .structure, .list, .map, .string, .blob: .string(text)
        }
    }

    /// The text of a value of `shape`.
    ///
    /// - Parameter format: how points in time are written: `iso8601`, `rfc822`, `unixTimestamp`.
    static func text(_ value: JSONValue, _ shape: Shape, _ format: String) -> String {
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null: return ""
        case .array, .object: return (try? value.text()) ?? ""
        case .integer, .number:
            let number = value.real ?? 0
            if shape.kind == .timestamp {
                switch format {
                case "rfc822": return HTTPDate.text(number)
                case "unixTimestamp": break
                default: return Timestamp.iso8601(number)
                }
            }
            if case .integer(let whole) = value { return "\(whole)" }
            return Int(exactly: number).map { "\($0)" } ?? "\(number)"
        }
    }
}

/// Points in time as HTTP writes them: `Wed, 25 Nov 2026 16:03:00 GMT`.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    static func seconds(_ text: String) -> Double? {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
            let month = months.firstIndex(of: words[2])
        else { return nil }
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return Timestamp.seconds(ofISO8601: "\(year)-\(padded(month + 1))-\(padded(day))T\(words[4])Z")
    }

    static func text(_ seconds: Double) -> String {
        let iso = Array(Timestamp.iso8601(seconds))
        let month = Int(String(iso[5...6])).flatMap { (1...12).contains($0) ? months[$0 - 1] : nil } ?? ""
        let number = Int((seconds / 86_400).rounded(.down)) % 7
        let day = days[(number + 7) % 7]
        return "\(day), \(String(iso[8...9])) \(month) \(String(iso[0...3])) \(String(iso[11...18])) GMT"
    }
}
