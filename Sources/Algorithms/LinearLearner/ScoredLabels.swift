/// Every record's score with its class, in falling order of score: what thresholds and the area under
/// the curve are found on, exactly.
public struct ScoredLabels: Sendable {
    /// Distinct scores, falling, with the records that have them.
    public private(set) var groups: [Group] = []
    /// Records of class 1, and all.
    public private(set) var positives = 0
    public private(set) var records = 0

    /// Records of equal score.
    public struct Group: Sendable, Equatable {
        public var score: Float
        public var positives: Int
        public var negatives: Int
    }

    /// - Parameter pairs: score and class, in any order; the result does not depend on it.
    public init(_ pairs: [(score: Float, isPositive: Bool)]) {
        records = pairs.count
        for pair in pairs.sorted(by: { $0.score > $1.score }) {
            if groups.last?.score != pair.score {
                groups.append(Group(score: pair.score, positives: 0, negatives: 0))
            }
            if pair.isPositive {
                groups[groups.count - 1].positives += 1
                positives += 1
            } else {
                groups[groups.count - 1].negatives += 1
            }
        }
    }

    /// Area under the receiver operating characteristic: the share of pairs of a positive and a
    /// negative record that the score orders rightly, equal scores counting half; 0 without pairs.
    public var areaUnderCurve: Double {
        let negatives = records - positives
        guard positives > 0, negatives > 0 else { return 0 }
        var twice = 0.0
        var above = 0
        for group in groups {
            twice += Double(group.negatives) * Double(2 * above + group.positives)
            above += group.positives
        }
        return twice / (2 * Double(positives) * Double(negatives))
    }

    /// The threshold with the best value by `criterion`; a record is positive when its score is at or
    /// above it. Of equally good ones the highest; halfway between two neighbouring scores.
    ///
    /// - Returns: `plain` where the criterion needs none or no threshold reaches the target.
    public func threshold(for criterion: ThresholdCriterion, goals: Goals, plain: Double) -> Double {
        guard criterion != .lossFunction, positives > 0 else { return plain }
        var best: (value: Double, count: Int)?
        var counts = BinaryCounts(
            truePositives: 0, falsePositives: 0, positives: positives, records: records)
        for taken in 0...groups.count {
            if taken > 0 {
                counts.truePositives += groups[taken - 1].positives
                counts.falsePositives += groups[taken - 1].negatives
            }
            guard let value = goals.value(of: counts, by: criterion) else { continue }
            if best.map({ value > $0.value }) ?? true { best = (value, taken) }
        }
        guard let best else { return plain }
        return boundary(after: best.count)
    }

    /// What the criteria aim at.
    public struct Goals: Sendable {
        let beta, precision, recall: Double

        /// - Parameters:
        ///   - beta: of the F score.
        ///   - precision: least precision of `recallAtPrecision`.
        ///   - recall: least recall of `precisionAtRecall`.
        public init(beta: Double, precision: Double, recall: Double) {
            self.beta = beta
            self.precision = precision
            self.recall = recall
        }

        /// `nil` where the target is missed.
        public func value(of counts: BinaryCounts, by criterion: ThresholdCriterion) -> Double? {
            switch criterion {
            case .accuracy: counts.accuracy
            case .fBeta: counts.fScore(beta: beta)
            case .precisionAtRecall: counts.recall >= recall ? counts.precision : nil
            case .recallAtPrecision: counts.precision >= precision ? counts.recall : nil
            case .lossFunction: nil
            }
        }
    }

    /// A threshold that lets the first `count` groups pass and no more.
    private func boundary(after count: Int) -> Double {
        guard count > 0 else { return (groups.first?.score).map { Double($0.nextUp) } ?? 0 }
        guard count < groups.count else { return Double(groups[count - 1].score.nextDown) }
        return (Double(groups[count - 1].score) + Double(groups[count].score)) / 2
    }
}

/// What the threshold of a binary classifier is chosen for; raw values are SageMaker's.
public enum ThresholdCriterion: String, Sendable, CaseIterable {
    case accuracy
    case fBeta = "f_beta"
    case precisionAtRecall = "precision_at_target_recall"
    case recallAtPrecision = "recall_at_target_precision"
    case lossFunction = "loss_function"
}
