/// What a rank does just now, as it tells its supervisor at intervals: a line
/// `lockstep-pulse STEP KIND SECONDS OPERATION`, which the supervisor keeps to itself.
public struct RankPulse: Sendable, Equatable {
    /// The kinds that a supervisor tells apart.
    public enum Kind: String, Sendable {
        case working, storing, waiting
    }

    /// What every such line begins with.
    public static let prefix = "lockstep-pulse "

    /// Steps done; `nil` before the first begins.
    public var step: Int?
    public var kind: Kind
    /// Since it last made progress.
    public var seconds: Double
    /// In words: `computing shard 7`, `allreduce in sum of gradient`.
    public var operation: String

    public init(step: Int?, kind: Kind, seconds: Double, operation: String) {
        self.step = step
        self.kind = kind
        self.seconds = seconds
        self.operation = operation
    }

    /// Reads a line; `nil` where it is none of those.
    public init?(line: String) {
        guard line.hasPrefix(Self.prefix) else { return nil }
        let words = line.dropFirst(Self.prefix.count).split(separator: " ", maxSplits: 3)
        guard words.count == 4, let kind = Kind(rawValue: String(words[1])), let seconds = Double(words[2])
        else { return nil }
        self.init(step: Int(words[0]), kind: kind, seconds: seconds, operation: String(words[3]))
    }

    /// The line, with seconds to the millisecond.
    public var line: String {
        let thousandths = Int(min(max(seconds, 0), 1e9) * 1000)
        let fraction = String(1000 + thousandths % 1000).dropFirst()
        let step = step.map(String.init) ?? "-"
        return "\(Self.prefix)\(step) \(kind.rawValue) \(thousandths / 1000).\(fraction) \(operation)"
    }
}
