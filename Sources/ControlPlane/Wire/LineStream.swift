import Diagnostics

/// The files of an attempt whose lines are forwarded: `events`, and `algo-N` for the log of rank N - 1.
package enum LineStream {
    package static let events = "events"
    private static let prefix = "algo-"

    /// Rank of a stream called `algo-N`; `nil` for any other.
    package static func rank(_ stream: String) -> Int? {
        guard stream.hasPrefix(prefix) else { return nil }
        let digits = stream.dropFirst(prefix.count)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != "0",
            let number = Int(digits), WireField.slots.contains(number - 1)
        else { return nil }
        return number - 1
    }

    static func name(_ text: UnsafePointer<CChar>?) throws(LockstepError) -> String {
        let stream = try WireField.word(text, "a stream of lines")
        guard stream == events || rank(stream) != nil else {
            throw LockstepError(
                .network, "a frame has lines of \"\(stream)\", which is no file of an attempt")
        }
        return stream
    }
}
