import LinearLearner
import RecordOrder
import Testing
import Training

@Suite struct ScoredLabelsTests {
    private let goals = ScoredLabels.Goals(beta: 2, precision: 0.7, recall: 0.6)

    private func pairs(_ count: Int, distinct: Int, seed: UInt64) -> [(score: Float, isPositive: Bool)] {
        let key = RandomKey(seed: seed)
        return (0..<count).map { index in
            let own = key.child(.index(index))
            let score = Float(own.child(.index(0)).below(distinct)) / Float(distinct)
            return (score, own.child(.index(1)).unit < 0.2 + 0.6 * Double(score))
        }
    }

    private func counts(_ pairs: [(score: Float, isPositive: Bool)], at threshold: Double) -> BinaryCounts {
        let chosen = pairs.filter { Double($0.score) >= threshold }
        let hits = chosen.count { $0.isPositive }
        return BinaryCounts(
            truePositives: hits, falsePositives: chosen.count - hits,
            positives: pairs.count { $0.isPositive }, records: pairs.count)
    }

    @Test(
        "no threshold is better than the chosen one",
        arguments: ThresholdCriterion.allCases.filter { $0 != .lossFunction }, [1, 2, 17, 200])
    func bestThreshold(_ criterion: ThresholdCriterion, distinct: Int) {
        for seed in UInt64(1)...8 {
            let pairs = pairs(60, distinct: distinct, seed: seed)
            let found = ScoredLabels(pairs).threshold(for: criterion, goals: goals, plain: 0.5)
            let values = (-1...2 * distinct + 1).compactMap { half in
                goals.value(of: counts(pairs, at: Double(half) / Double(2 * distinct)), by: criterion)
            }
            guard let best = values.max() else {
                #expect(found == 0.5, "the plain threshold where the target is out of reach")
                continue
            }
            #expect(goals.value(of: counts(pairs, at: found), by: criterion) == best)
        }
    }

    @Test("the area under the curve is the share of pairs in order", arguments: [1, 3, 40, 1000])
    func area(distinct: Int) {
        for seed in UInt64(1)...5 {
            let pairs = pairs(80, distinct: distinct, seed: seed)
            var (right, all) = (0.0, 0.0)
            for positive in pairs where positive.isPositive {
                for negative in pairs where !negative.isPositive {
                    all += 1
                    right += positive.score > negative.score ? 1 : positive.score == negative.score ? 0.5 : 0
                }
            }
            #expect(abs(ScoredLabels(pairs).areaUnderCurve - right / all) < 1e-12)
        }
    }

    @Test("the order of the records does not matter")
    func order() {
        let pairs = pairs(100, distinct: 9, seed: 1)
        let (one, other) = (ScoredLabels(pairs), ScoredLabels(pairs.reversed()))
        #expect(one.groups == other.groups)
    }
}
