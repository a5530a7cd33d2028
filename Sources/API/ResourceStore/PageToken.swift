import Diagnostics
import Foundation
import GRDB

/// Where a page ended: the place of its last element in the order, so that elements that come or go
/// between two calls neither repeat nor hide others.
struct PageToken: Codable {
    /// Of the query that the token is for.
    var query: UInt64
    var number: Double?
    var text: String?
    var ordinal: Int64

    /// - Throws: `.usage` when the text is no token that an earlier page of this query gave.
    init(_ text: String, query: UInt64) throws {
        guard let bytes = Data(base64Encoded: text),
            let token = try? JSONDecoder().decode(PageToken.self, from: bytes), token.query == query,
            (token.number == nil) != (token.text == nil)
        else {
            throw LockstepError(.usage, "Invalid NextToken: it is not of an earlier page of the same call")
        }
        self = token
    }

    init(query: UInt64, place: DatabaseValue, ordinal: Int64) {
        self.query = query
        self.ordinal = ordinal
        text = String.fromDatabaseValue(place)
        if text == nil { number = Double.fromDatabaseValue(place) ?? 0 }
    }

    var place: DatabaseValue { text?.databaseValue ?? (number ?? 0).databaseValue }

    func encoded() throws -> String { try JSONEncoder().encode(self).base64EncodedString() }

    /// The same for equal queries in every process (FNV-1a).
    static func fingerprint(_ parts: [String]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in parts.joined(separator: "\u{0}").utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return hash
    }
}
