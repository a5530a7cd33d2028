import Diagnostics

/// Takes apart what `mpirun --tag-output` writes: `[1,RANK]<stdout>:text`.
///
/// Open MPI puts a tag before each piece it reads from a rank, and a piece may end in the middle of a
/// line. So a tag may stand anywhere, and a line of a rank may come in several tagged pieces. Open MPI 5
/// puts a blank behind the tag. What ranks write is encoded (`OutputCode`), so that none of their text looks
/// like a tag; directly behind a tag there is never another.
package struct TaggedOutput {
    /// A line without its newline.
    package struct Line: Equatable {
        /// `nil` for what `mpirun` itself says.
        package var rank: Int?
        package var text: String
        /// Whether the platform's part of the rank says it, not the user's code.
        package var isReport: Bool
        package init(rank: Int?, text: String, isReport: Bool = false) {
            self.rank = rank
            self.text = text
            self.isReport = isReport
        }
    }

    private var decoders: [Int?: OutputDecoder] = [:]
    private var current: Int?
    private var isBehindTag = false
    private var pending: [UInt8] = []

    private let hasBlank: Bool

    /// - Parameter launcherVersion: first number of Open MPI's version.
    package init(launcherVersion: Int = 4) { hasBlank = launcherVersion >= 5 }

    /// Takes bytes as they come; returns the lines they complete.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Line] {
        pending += bytes
        var lines: [Line] = []
        var index = 0
        loop: while index < pending.count {
            if !isBehindTag {
                switch tag(in: pending, at: index) {
                case .found(let rank, let end):
                    current = rank
                    index = end
                    isBehindTag = true
                    continue
                case .unfinished: break loop
                case .none: break
                }
            }
            let end = endOfPiece(from: index)
            take(pending[index..<end], into: &lines)
            index = end
            isBehindTag = false
        }
        pending.removeFirst(index)
        return lines
    }

    /// What is left when the pipe is closed.
    package mutating func finish() -> [Line] {
        var lines: [Line] = []
        take(pending[...], into: &lines)
        pending = []
        for rank in decoders.keys.sorted(by: { ($0 ?? -1) < ($1 ?? -1) }) {
            decoders[rank]?.finish { lines.append(Line(rank: rank, text: $0.text, isReport: $0.isReport)) }
        }
        decoders = [:]
        return lines
    }

    /// Behind a newline, or before what may be a tag.
    private func endOfPiece(from start: Int) -> Int {
        var index = start
        repeat {
            index += 1
            if pending[index - 1] == 0x0A { return index }
        } while index < pending.count && pending[index] != UInt8(ascii: "[")
        return index
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, into lines: inout [Line]) {
        let rank = current
        decoders[rank, default: OutputDecoder()].feed(bytes) { line in
            // mpirun makes no reports.
            lines.append(Line(rank: rank, text: line.text, isReport: line.isReport && rank != nil))
        }
        // The next line is tagged anew; one without a tag is mpirun's.
        if bytes.last == 0x0A { current = nil }
    }

    private enum Match {
        case found(rank: Int, end: Int)
        case unfinished
        case none
    }

    /// Matches `[digits,digits]<stdout>:` or `<stderr>:` at `start`.
    private func tag(in bytes: [UInt8], at start: Int) -> Match {
        guard bytes[start] == UInt8(ascii: "[") else { return .none }
        var index = start + 1
        var numbers: [Int] = []
        for closing in [UInt8(ascii: ","), UInt8(ascii: "]")] {
            var value = 0
            var digits = 0
            while index < bytes.count, (0x30...0x39).contains(bytes[index]), digits < 9 {
                value = value * 10 + Int(bytes[index] - 0x30)
                digits += 1
                index += 1
            }
            guard index < bytes.count else { return .unfinished }
            guard digits > 0, bytes[index] == closing else { return .none }
            numbers.append(value)
            index += 1
        }
        for name in hasBlank ? ["<stdout>: ", "<stderr>: "] : ["<stdout>:", "<stderr>:"] {
            let rest = bytes[index...].prefix(name.utf8.count)
            if rest.elementsEqual(name.utf8) { return .found(rank: numbers[1], end: index + rest.count) }
            if rest.count < name.utf8.count, name.utf8.starts(with: rest) { return .unfinished }
        }
        return .none
    }
}
