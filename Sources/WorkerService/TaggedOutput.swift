/// Takes apart what `mpirun --tag-output` writes: `[1,RANK]<stdout>:text`.
///
/// Open MPI puts a tag before each piece it reads from a rank, and a piece may end in the middle of a
/// line. So a tag may stand anywhere, and a line of a rank may come in several tagged pieces. Open MPI 5
/// puts a blank behind the tag.
package struct TaggedOutput {
    /// A line without its newline.
    package struct Line: Equatable {
        /// `nil` for what `mpirun` itself says.
        package var rank: Int?
        package var text: String
        package init(rank: Int?, text: String) {
            self.rank = rank
            self.text = text
        }
    }

    /// Longer lines are cut here, in bytes.
    package static let longestLine = 64 << 10

    private var partial: [Int?: [UInt8]] = [:]
    private var current: Int?
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
            switch tag(in: pending, at: index) {
            case .found(let rank, let end):
                current = rank
                index = end
            case .unfinished: break loop
            case .none:
                take(pending[index], into: &lines)
                index += 1
            }
        }
        pending.removeFirst(index)
        return lines
    }

    /// What is left when the pipe is closed.
    package mutating func finish() -> [Line] {
        var lines: [Line] = []
        for byte in pending { take(byte, into: &lines) }
        pending = []
        for (rank, bytes) in partial.sorted(by: { ($0.key ?? -1) < ($1.key ?? -1) }) where !bytes.isEmpty {
            lines.append(Line(rank: rank, text: String(decoding: bytes, as: UTF8.self)))
        }
        partial = [:]
        return lines
    }

    private mutating func take(_ byte: UInt8, into lines: inout [Line]) {
        if byte != 0x0A { partial[current, default: []].append(byte) }
        guard byte == 0x0A || partial[current, default: []].count >= Self.longestLine else { return }
        let text = String(decoding: partial[current] ?? [], as: UTF8.self)
        lines.append(Line(rank: current, text: text))
        partial[current] = nil
        // The next line is tagged anew; one without a tag is mpirun's.
        if byte == 0x0A { current = nil }
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
