/// How what a rank says travels through `mpirun` to its supervisor.
///
/// `mpirun` puts a tag `[1,RANK]<stdout>:` before each piece that it reads, in the middle of a line too. So
/// text travels without any `[`: what has one is no text. And what the platform says of itself, its
/// *reports*, begins with a mark that no text can have in it, so that nothing that is printed is ever taken
/// for a report.
package enum OutputCode {
    /// Begins each of the sequences below.
    static let escape: UInt8 = 0x01
    static let bracket = UInt8(ascii: "(")
    static let own = UInt8(ascii: "1")
    static let newline = UInt8(ascii: "n")
    static let report = UInt8(ascii: "R")

    /// What a pipe takes in one piece, whoever else writes to it, in bytes.
    package static let pieceMax = 4096

    /// Appends text, newlines as they are.
    package static func encode(_ text: some Sequence<UInt8>, into out: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "["): out += [escape, bracket]
            case escape: out += [escape, own]
            default: out.append(byte)
            }
        }
    }

    /// A report with its newline.
    ///
    /// - Parameter bytesMax: a longer one is cut.
    package static func report(_ text: String, bytesMax: Int = .max) -> [UInt8] {
        var out = [escape, report]
        for scalar in text.unicodeScalars {
            let begin = out.count
            if scalar == "\n" { out += [escape, newline] } else { encode(String(scalar).utf8, into: &out) }
            guard out.count < bytesMax else {
                out.removeSubrange(begin...)
                break
            }
        }
        return out + [0x0A]
    }

    /// Where to split bytes that are longer than `count`: not within a character.
    package static func boundary(_ bytes: some RandomAccessCollection<UInt8>, before count: Int) -> Int {
        for back in 0..<4 where count > back {
            let byte = bytes[bytes.index(bytes.startIndex, offsetBy: count - back)]
            if byte & 0xC0 != 0x80 { return count - back }
        }
        return count
    }

    /// How many bytes there are up to the end of the last whole character.
    package static func completeCount(_ bytes: [UInt8]) -> Int {
        for back in 1..<4 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }
}
