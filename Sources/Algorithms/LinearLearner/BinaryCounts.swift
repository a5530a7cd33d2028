/// Counts of a binary decision; a quotient over nothing is 0.
public struct BinaryCounts: Sendable, Equatable {
    public var truePositives: Int
    public var falsePositives: Int
    /// Records that are positive, and all.
    public var positives: Int
    public var records: Int

    public init(truePositives: Int, falsePositives: Int, positives: Int, records: Int) {
        self.truePositives = truePositives
        self.falsePositives = falsePositives
        self.positives = positives
        self.records = records
    }

    public var accuracy: Double {
        let trueNegatives = records - positives - falsePositives
        return Self.quotient(truePositives + trueNegatives, records)
    }
    public var precision: Double { Self.quotient(truePositives, truePositives + falsePositives) }
    public var recall: Double { Self.quotient(truePositives, positives) }

    /// (1 + β²) · precision · recall / (β² · precision + recall).
    public func fScore(beta: Double) -> Double {
        let square = beta * beta
        let below = square * precision + recall
        return below > 0 ? (1 + square) * precision * recall / below : 0
    }

    private static func quotient(_ above: Int, _ below: Int) -> Double {
        below > 0 ? Double(above) / Double(below) : 0
    }
}
