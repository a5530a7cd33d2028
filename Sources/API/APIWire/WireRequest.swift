/// An HTTP request, as the protocols of AWS's services see it.
package struct WireRequest: Sendable {
    /// `POST`.
    package var method: String
    /// As it was sent, without the query.
    package var path: String
    /// Names and values behind the question mark, decoded, in their order; no `=`: the value is empty.
    package var query: [(name: String, value: String)]
    /// Names in any case.
    package var headers: [(name: String, value: String)]
    /// Service in the scope of the caller's credentials: `sagemaker`, `s3`.
    package var signingName: String?
    package var body: [UInt8]

    /// - Parameter target: path and query as they stand in the request line.
    package init(
        method: String, target: String, headers: [(name: String, value: String)],
        signingName: String? = nil, body: [UInt8] = []
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = parts.first.map(String.init) ?? "/"
        query = parts.count > 1 ? FormText.pairs(parts[1]) : []
        self.headers = headers
        self.signingName = signingName
        self.body = body
    }

    /// The value of a header; `name` in lower case.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    func hasQuery(_ name: String) -> Bool { query.contains { $0.name == name } }

    var isForm: Bool {
        header("content-type")?.lowercased().hasPrefix("application/x-www-form-urlencoded") ?? false
    }
}

/// Text as URLs and forms carry it.
enum FormText {
    /// `a=b&c` taken apart and decoded.
    static func pairs(_ text: some StringProtocol) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                decoded(sides[0], plusIsBlank: true),
                sides.count > 1 ? decoded(sides[1], plusIsBlank: true) : ""
            )
        }
    }

    /// `text` with its `%41` decoded; what is no such code stays as it is.
    static func decoded(_ text: some StringProtocol, plusIsBlank: Bool = false) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let value = UInt8(
                    String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                result.append(value)
                index += 3
            } else {
                let isBlank = plusIsBlank && bytes[index] == UInt8(ascii: "+")
                result.append(isBlank ? UInt8(ascii: " ") : bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
