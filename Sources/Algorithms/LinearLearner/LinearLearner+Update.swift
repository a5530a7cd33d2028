import Diagnostics
import RecordOrder
import Tensors
import Training

#if canImport(Glibc)
    import Glibc
#endif

extension LinearLearner {
    /// One gradient over the batch and one update, for all models; returns their mean losses in units of the
    /// label.
    mutating func update(_ context: any StepContext, recordCount: Int) throws -> [Double] {
        let kernel = trainingKernel
        let models = inner.candidates.count
        let (epoch, batch, batchCount) = (inner.counters.epoch, inner.counters.batch, plan.batchCount)
        let shapes = [
            SumShape("gradient of weight", inner.weights.count),
            SumShape("gradient of bias", inner.bias.count), SumShape("loss", models),
        ]
        // Where there are several, one that leaves the range of numbers must not end the others.
        let watch = models > 1 ? [SumShape("models that diverge", models)] : []
        let sums = try context.sum(shapes + watch, over: .train) { shard, out in
            let rows = shard.batchRows(epoch: epoch, batch: batch, of: batchCount)
            let losses = kernel.addGradient(
                of: shard.records, rows: rows, weightGradient: out[0], biasGradient: out[1])
            for (model, loss) in losses.enumerated() { out[2][model] = Float(loss) }
            if out.count > 3 { Self.clearDiverged(out, models: models) }
        }
        guard recordCount > 0 else { return Array(repeating: 0, count: models) }
        if models > 1 { try dropDiverged(sums[3]) }
        let share = 1 / Float(recordCount)
        let weightGradient = kernel.shiftedGradient(sums[0], biasGradient: sums[1]).map { $0 * share }
        apply(weightGradient: weightGradient, biasGradient: sums[1].map { $0 * share })
        return sums[2].map { Double($0) / Double(recordCount) * lossUnit }
    }

    /// What no shard's part may reach, so that no sum over shards leaves the range of a Float either.
    private static let largestPart: Float = 1e30

    /// Takes what one shard has for a model out of the sums where it is out of range, and says so last.
    private static func clearDiverged(_ out: [UnsafeMutableBufferPointer<Float>], models: Int) {
        for model in 0..<models {
            let parts = out[..<3].map { all in
                let count = all.count / models
                return UnsafeMutableBufferPointer(rebasing: all[model * count..<(model + 1) * count])
            }
            guard !parts.allSatisfy({ $0.allSatisfy { abs($0) <= largestPart } }) else { continue }
            for part in parts { part.update(repeating: 0) }
            out[3][model] = 1
        }
    }

    /// A model whose numbers have left their range takes no more part. What it was after its best epoch
    /// stays.
    private mutating func dropDiverged(_ flags: [Float]) throws {
        for model in flags.indices where flags[model] > 0 { drop(model) }
        guard inner.candidates.allSatisfy({ $0.isOut && !$0.hasBest }) else { return }
        throw LockstepError(
            .numerics,
            "all \(flags.count) models have left the range of numbers by step \(inner.counters.step): "
                + "give a smaller learning_rate")
    }

    private mutating func drop(_ model: Int) {
        inner.candidates[model].isOut = true
        let (weights, bias) = (weightRange(of: model), biasRange(of: model))
        inner.weights.replaceSubrange(weights, with: repeatElement(0, count: weights.count))
        inner.bias.replaceSubrange(bias, with: repeatElement(0, count: bias.count))
    }

    private mutating func apply(weightGradient: [Float], biasGradient: [Float]) {
        let rule = configuration.optimizer
        inner.measures.beta1Power *= rule.beta1
        inner.measures.beta2Power *= rule.beta2
        for (model, variant) in configuration.variants.enumerated() where !inner.candidates[model].isOut {
            let rate = configuration.schedule.rate(
                first: inner.candidates[model].firstRate, step: inner.counters.step)
            var step = OptimizerRule.Step(
                rate: rate, decay: variant.decay, l1: variant.l1, beta1Power: inner.measures.beta1Power,
                beta2Power: inner.measures.beta2Power)
            rule.update(
                &inner.weights, first: &inner.weightFirst, second: &inner.weightSecond,
                gradient: weightGradient, range: weightRange(of: model), step: step)
            guard configuration.usesBias else { continue }
            step.rate = rate * rule.biasRateFactor
            step.decay = variant.decay * rule.biasDecayFactor
            step.l1 = 0
            rule.update(
                &inner.bias, first: &inner.biasFirst, second: &inner.biasSecond,
                gradient: biasGradient, range: biasRange(of: model), step: step)
        }
        inner.counters.step += 1
    }

    /// `base` to the power of `exponent`.
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
