/// The Authorization header of a signed request, taken apart.
package struct Authorization: Sendable, Equatable {
    package let accessKeyID: String
    package let scope: SigningScope
    /// Names of the headers that are covered, as they stand there.
    package let signedHeaders: [String]
    /// 64 hexadecimal digits.
    package let signature: String

    /// - Throws: `SignatureFault.incomplete` naming what is missing.
    package init(_ text: String) throws(SignatureFault) {
        guard text.hasPrefix(SigningScope.algorithm + " ") else {
            throw .incomplete("it does not begin with \(SigningScope.algorithm)")
        }
        var parts: [Substring: Substring] = [:]
        for part in text.dropFirst(SigningScope.algorithm.count + 1).split(separator: ",") {
            let sides = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { parts[sides[0]] = sides[1] }
        }
        guard let credential = parts["Credential"] else { throw .incomplete("it has no Credential") }
        guard let headers = parts["SignedHeaders"] else { throw .incomplete("it has no SignedHeaders") }
        guard let signature = parts["Signature"] else { throw .incomplete("it has no Signature") }
        // From the end: only the key's id could hold a slash.
        let words = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count >= 5, words.last == Substring(SigningScope.terminator) else {
            throw .incomplete("its Credential is no KEY/DAY/REGION/SERVICE/\(SigningScope.terminator)")
        }
        accessKeyID = words.dropLast(4).joined(separator: "/")
        let end = words.count
        scope = SigningScope(
            day: String(words[end - 4]), region: String(words[end - 3]), service: String(words[end - 2]))
        signedHeaders = headers.split(separator: ";").map(String.init)
        self.signature = String(signature)
    }
}

/// Why a request is not taken for one of a key's holder.
package enum SignatureFault: Error, Equatable {
    /// There is no Authorization header.
    case missing
    /// The header is not what it has to be.
    case incomplete(String)
    /// Nobody has a key of that id.
    case unknownKey(String)
    /// The signature is not that of the key over this request.
    case wrong
    /// The request was signed too long ago, or with a clock that is ahead: its time and ours.
    case expired(signed: String, now: String)
}
