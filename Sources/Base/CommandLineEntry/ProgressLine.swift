/// One line about a running job: a bar with what is known, cut to the width of the terminal.
public struct ProgressLine: Sendable, Equatable {
    public var title: String
    /// `Training`, `Downloading`, …
    public var phase: String
    /// Part done, 0…1; no bar where it is not known.
    public var fraction: Double?
    public var step: Int?
    public var loss: Double?
    public var samplesPerSecond: Double?
    public var secondsLeft: Double?

    public init(title: String, phase: String) {
        self.title = title
        self.phase = phase
    }

    private static let widestBar = 30
    private static let narrowestBar = 8

    /// What there is to say after the bar, the most important first.
    private var facts: [String] {
        var facts: [String] = []
        if let loss { facts.append("loss \(Quantity.real(loss))") }
        if let secondsLeft { facts.append("\(Quantity.duration(seconds: secondsLeft)) left") }
        if let samplesPerSecond { facts.append("\(Quantity.rate(samplesPerSecond)) samples/s") }
        if let step { facts.append("step \(step)") }
        return facts
    }

    /// Text without a bar, for logs and pipes.
    public var plain: String {
        let percent = fraction.map { ["\(Self.percent($0))%"] } ?? []
        return ([title, phase] + percent + facts).joined(separator: "  ")
    }

    /// Text of at most `width` columns with a bar; facts that do not fit are left out, the least
    /// important first.
    public func text(width: Int) -> String {
        let start = title + "  " + phase
        guard let fraction else {
            return String(Self.joining([start] + facts, width: width).prefix(max(0, width)))
        }
        let head = start + " \(Self.padded(Self.percent(fraction)))% "
        let room = width - head.count
        guard room >= Self.narrowestBar + 2 else { return String(head.prefix(max(0, width))) }
        var shown = facts
        func factsLength() -> Int { shown.reduce(0) { $0 + $1.count + 2 } }
        while !shown.isEmpty, room - factsLength() < Self.narrowestBar + 2 { shown.removeLast() }
        let cells = min(Self.widestBar, room - factsLength() - 2)
        let full = Int((Self.clamped(fraction) * Double(cells)).rounded(.down))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: cells - full)
        return ([head + "▕" + bar + "▏"] + shown).joined(separator: "  ")
    }

    private static func joining(_ words: [String], width: Int) -> String {
        var line = ""
        for word in words where line.isEmpty || line.count + 2 + word.count <= width {
            line += (line.isEmpty ? "" : "  ") + word
        }
        return line
    }

    /// Not 100 before all is done.
    private static func percent(_ fraction: Double) -> Int { Int(clamped(fraction) * 100) }

    private static func padded(_ number: Int) -> String {
        String(repeating: " ", count: max(0, 3 - String(number).count)) + String(number)
    }

    private static func clamped(_ fraction: Double) -> Double {
        fraction.isFinite ? min(1, max(0, fraction)) : 0
    }
}
