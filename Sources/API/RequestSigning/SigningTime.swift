import Foundation

/// Points in time as signatures carry them: `20261125T120000Z`, in UTC.
package enum SigningTime {
    /// The text for seconds since 1970.
    package static func text(_ seconds: Double) -> String {
        let iso = Date(timeIntervalSince1970: seconds.rounded(.down)).ISO8601Format()
        return iso.filter { $0 != "-" && $0 != ":" }
    }

    /// Seconds since 1970 of such a text; `nil` for any other.
    package static func seconds(_ text: String) -> Double? {
        let letters = Array(text)
        guard letters.count == 16, letters[8] == "T", letters[15] == "Z" else { return nil }
        func part(_ range: Range<Int>) -> String { String(letters[range]) }
        let iso =
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z"
        return (try? Date.ISO8601FormatStyle().parse(iso))?.timeIntervalSince1970
    }
}
