import ClusterTypes
import Diagnostics
import Glibc

/// What a value from the wire may be. Who sends another one breaks the protocol, and loses its connection.
enum WireField {
    /// Slots of a worker, and ranks of a gang.
    static let slots = 0...4096
    /// Offsets in files, which the system counts in 63 bits.
    static let offsets = UInt64(0)...UInt64(Int64.max)
    /// Most bytes of memory that a node has for hot state.
    static let memory = UInt64(0)...1 << 56
    /// Seconds of a lease or a deadline: up to some months.
    static let seconds = 0.0...1e7
    /// Longest text for people, in bytes; of a longer one the rest is left out.
    static let textBytes = 4096
    private static let nameBytes = 63
    private static let addressBytes = 253
    private static let wordBytes = 128
    private static let pathBytes = 4095
    private static let shownBytes = 64

    static func number<Number: Comparable>(
        _ value: Number, in range: ClosedRange<Number>, _ what: String
    ) throws(LockstepError) -> Number {
        guard range.contains(value) else {
            throw LockstepError(
                .network,
                "a frame gives \(what) as \(value): it must be \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Words for people: in one line, and nothing in them steers a terminal.
    static func sentence(_ text: UnsafePointer<CChar>?) -> String {
        guard let text else { return "" }
        let bytes = UnsafeRawBufferPointer(start: text, count: strnlen(text, textBytes + 1))
        return PrintableText.escaped(bytes: bytes.prefix(textBytes)) + (bytes.count > textBytes ? "…" : "")
    }

    /// Name of a worker: what `lockstepd worker --name` accepts.
    static func worker(_ text: UnsafePointer<CChar>?) throws(LockstepError) -> WorkerID {
        let name = try word(text, "the name of a worker", atMost: nameBytes, besides: "._-")
        guard let first = name.utf8.first, isAlphanumeric(first) else {
            throw LockstepError(
                .network, "a frame names the worker \"\(name)\": a name begins with a letter or digit")
        }
        return WorkerID(name)
    }

    /// An IP address or the name of a machine; may be empty.
    static func address(_ text: UnsafePointer<CChar>?) throws(LockstepError) -> String {
        try word(text, "an address", atMost: addressBytes, besides: ".:_-%")
    }

    /// Letters, digits, hyphens; may be empty.
    static func word(_ text: UnsafePointer<CChar>?, _ what: String) throws(LockstepError) -> String {
        try word(text, what, atMost: wordBytes, besides: "-")
    }

    /// An absolute path, or nothing.
    static func path(_ text: UnsafePointer<CChar>?, _ what: String) throws(LockstepError) -> String {
        let path = try bytes(text, what, atMost: pathBytes)
        let isClean = path.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        guard path.isEmpty || (path.first == 0x2F && isClean),
            let text = String(validating: path, as: UTF8.self)
        else { throw refusal(what, path) }
        return text
    }

    private static func word(
        _ text: UnsafePointer<CChar>?, _ what: String, atMost limit: Int, besides others: String
    ) throws(LockstepError) -> String {
        let word = try bytes(text, what, atMost: limit)
        guard word.allSatisfy({ isAlphanumeric($0) || others.utf8.contains($0) }) else {
            throw refusal(what, word)
        }
        return String(decoding: word, as: UTF8.self)
    }

    private static func bytes(
        _ text: UnsafePointer<CChar>?, _ what: String, atMost limit: Int
    ) throws(LockstepError) -> UnsafeRawBufferPointer {
        guard let text else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let length = strnlen(text, limit + 1)
        let bytes = UnsafeRawBufferPointer(start: text, count: length)
        guard length <= limit else {
            throw LockstepError(.network, "a frame gives \(what) in more than \(limit) bytes")
        }
        return bytes
    }

    private static func refusal(_ what: String, _ bytes: UnsafeRawBufferPointer) -> LockstepError {
        let shown = PrintableText.escaped(bytes: bytes.prefix(shownBytes))
        return LockstepError(.network, "a frame gives \(what) as \"\(shown)\", which cannot be one")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
