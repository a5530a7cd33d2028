import Crypto
import Foundation

/// The parts of an HTTP request that an AWS signature (version 4) covers.
package struct SignableRequest: Sendable {
    /// `POST`.
    package var method: String
    /// Path and query as they stand in the request line.
    package var target: String
    /// Names in any case, values as they are sent.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether it goes to S3, whose keys are signed as they are sent: encoded once, `..` like any name.
    package var isForObjects: Bool

    /// A request as it goes over the wire; `headers` have to include Host.
    package init(
        method: String, target: String, headers: [(name: String, value: String)], body: [UInt8],
        isForObjects: Bool = false
    ) {
        self.isForObjects = isForObjects
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The value of a header, of several of that name the first; `name` in lower case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    /// The request in the one form that both sides sign.
    ///
    /// - Parameter signed: names of the headers to cover, in lower case and sorted.
    package func canonical(signed: [String]) -> String {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = signed.map { name in
            let values = headers.filter { $0.name.lowercased() == name }.map { Self.trimmed($0.value) }
            return "\(name):\(values.joined(separator: ","))\n"
        }
        return [
            method, isForObjects ? String(parts[0]) : Self.canonicalPath(String(parts[0])),
            parts.count > 1 ? Self.canonicalQuery(String(parts[1])) : "", lines.joined(),
            signed.joined(separator: ";"), SHA256.hash(data: body).hex,
        ].joined(separator: "\n")
    }

    /// Without blanks at the ends, and one where there were several.
    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }

    /// Without `.`, `..` and empty parts; encoded once more than it is sent.
    private static func canonicalPath(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        let isFolder = path.hasSuffix("/") && !parts.isEmpty
        return "/" + parts.map(encoded).joined(separator: "/") + (isFolder ? "/" : "")
    }

    /// Its parameters in order of name and value, as they were encoded by the sender.
    private static func canonicalQuery(_ query: String) -> String {
        query.split(separator: "&").map { pair -> (String, String) in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
        }.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }

    private static func encoded(_ part: Substring) -> String {
        part.utf8.map { byte -> String in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + hexadecimal(byte).uppercased()
        }.joined()
    }
}

extension Sequence<UInt8> {
    /// Two digits a byte.
    var hex: String { map(hexadecimal).joined() }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
}
