import ArgumentParser

/// Steps `A..B` on a command line, both ends included.
public struct StepRange: Sendable, Equatable {
    public let steps: ClosedRange<Int>

    /// Reads `A..B`, or `A` for one step.
    ///
    /// - Throws: `ValidationError` when it makes no sense.
    public init(_ text: String) throws {
        let parts = text.components(of: "..")
        guard let first = parts.first.flatMap({ Int($0) }), let last = parts.last.flatMap({ Int($0) }),
            parts.count <= 2, first >= 1, first <= last
        else { throw ValidationError("it must be A..B with 1 ≤ A ≤ B, as 101..120") }
        steps = first...last
    }
}

extension String {
    fileprivate func components(of separator: String) -> [Substring] {
        guard let range = ranges(of: separator).first else { return [self[...]] }
        return [self[..<range.lowerBound], self[range.upperBound...]]
    }
}
