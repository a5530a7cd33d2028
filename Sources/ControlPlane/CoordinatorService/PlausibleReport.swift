package import ClusterTypes

/// What a gang or a worker tells of an attempt comes from files that a user's program could have written:
/// numbers that cannot be are not let in, because whoever reckons with them relies on that.
package enum PlausibleReport {
    /// Seconds since 1970: some thousand years.
    package static let times = 0.0...1e11
    /// Steps, samples, epochs: what a Double counts exactly.
    private static let counts = 0...1 << 53
    private static let ranks = 0...4096
    private static let textBytes = 64 << 10

    package static func isPlausible(_ event: TrainingEvent) -> Bool {
        let numbers = [event.step, event.epoch, event.samples, event.threads]
        let texts = [event.name, event.stateHash, event.modelHash, event.path, event.code, event.message]
        return times.contains(event.time) && numbers.allSatisfy { isWithin($0, counts) }
            && [event.world, event.rank].allSatisfy { isWithin($0, ranks) }
            && (texts + (event.workers ?? [])).allSatisfy { ($0?.utf8.count ?? 0) <= textBytes }
            && event.workers?.count ?? 0 <= ranks.upperBound
    }

    /// `end` without what cannot be; the worker must get rid of it all the same.
    package static func cleaned(_ end: AttemptEnd, at now: Double) -> AttemptEnd {
        var end = end
        if !times.contains(end.time) { end.time = now }
        if !isWithin(end.rank, ranks) { end.rank = nil }
        if !isWithin(end.step, counts) { end.step = nil }
        if end.code?.utf8.count ?? 0 > textBytes { end.code = nil }
        if let message = end.message, message.utf8.count > textBytes {
            end.message = String(decoding: message.utf8.prefix(textBytes), as: UTF8.self) + "…"
        }
        return end
    }

    private static func isWithin(_ number: Int?, _ range: ClosedRange<Int>) -> Bool {
        number.map(range.contains) ?? true
    }
}
