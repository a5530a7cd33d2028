/// What must hold after every event.
enum Invariant: String, CaseIterable {
    case wholeGangs = "no gang is half-running or started without a placed attempt"
    case oneGangPerSlot = "no slot is in two gangs"
    case keptSteps = "no committed step is lost while a holder is alive"
    case keptJobs = "nothing acknowledged is forgotten"
    case legalHistory = "statuses follow each other legally, times do not go back"
    case liveness = "every job that can finish does"
    case drainedIsEmpty = "nothing runs on a worker that is drained or quarantined"
    case storedIsLive = "the store holds what is in memory, and a roll-back restores it"
}

/// A broken invariant.
struct Violation: Error, CustomStringConvertible {
    var invariant: Invariant
    var sentence: String
    var time: Double

    var description: String {
        "[\(invariant)] \(invariant.rawValue): \(sentence) (at \(SimulationTime.text(time)))"
    }
}

enum SimulationTime {
    /// Every run starts here; seconds since 1970.
    static let start = 1_000_000.0

    /// Seconds since the start, with milliseconds.
    static func text(_ time: Double) -> String {
        let milliseconds = Int(((time - start) * 1000).rounded())
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest) s"
    }
}
