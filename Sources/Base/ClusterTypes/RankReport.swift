/// What a rank said about its own end: `rank 2, step 7: cannot read … [io]`.
public struct RankReport: Sendable, Equatable {
    public var rank: Int
    public var step: Int?
    /// A `LockstepError` code.
    public var code: String?
    public var message: String

    public init(rank: Int, step: Int? = nil, code: String? = nil, message: String) {
        self.rank = rank
        self.step = step
        self.code = code
        self.message = message
    }

    /// The line.
    public var line: String {
        let place = step.map { ", step \($0)" } ?? ""
        let mark = code.map { " [\($0)]" } ?? ""
        return "rank \(rank)\(place): \(message)\(mark)"
    }

    /// Reads a line of a rank's standard error; `nil` when it is none of those.
    public init?(_ line: String) {
        guard line.hasPrefix("rank "), let colon = line.ranges(of: ": ").first else { return nil }
        let head = line[..<colon.lowerBound].dropFirst("rank ".count).split(separator: ",")
        guard let first = head.first, let rank = Int(first), head.count <= 2 else { return nil }
        self.rank = rank
        if head.count == 2 {
            guard head[1].hasPrefix(" step "), let step = Int(head[1].dropFirst(" step ".count)) else {
                return nil
            }
            self.step = step
        }
        var text = line[colon.upperBound...]
        if text.hasSuffix("]"), let bracket = text.lastIndex(of: "["), bracket > text.startIndex {
            let word = text[text.index(after: bracket)...].dropLast()
            if !word.isEmpty, word.allSatisfy({ $0.isLowercase || $0 == "-" }) {
                code = String(word)
                text = text[..<bracket]
            }
        }
        message = String(text.drop { $0 == " " }).trimmedAtEnd
    }

    /// Whether it may be no more than the echo of another rank's end.
    public var isEcho: Bool { code == "network" }
}

extension String {
    /// Without spaces at the end.
    fileprivate var trimmedAtEnd: String {
        var text = self[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
