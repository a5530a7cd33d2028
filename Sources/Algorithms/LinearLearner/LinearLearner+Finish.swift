import Tensors
public import Training

extension LinearLearner {
    /// Takes the weights of the best epoch, chooses the threshold of a binary classifier on the
    /// validation channel (the train channel where there is none), and measures.
    public mutating func finish(_ context: any StepContext) throws -> [Metric] {
        if !inner.counters.isPrepared { try prepare(context) }
        let channel: ChannelRole = data.validationCount == nil ? .train : .validation
        var scored: ScoredLabels?
        if configuration.task == .binary {
            let found = try scoredLabels(
                channel, context, limit: configuration.calibrationCount)
            inner.measures.threshold = found.threshold(
                for: configuration.criterion,
                goals: ScoredLabels.Goals(
                    beta: configuration.beta, precision: configuration.targetPrecision,
                    recall: configuration.targetRecall), plain: configuration.plainThreshold)
            if configuration.calibrationCount == nil { scored = found }
        }
        var metrics = try finalMetrics(channel, context, scored: scored)
        if data.testCount != nil { metrics += try finalMetrics(.test, context, scored: nil) }
        return metrics
    }

    private func finalMetrics(
        _ channel: ChannelRole, _ context: any StepContext, scored: ScoredLabels?
    ) throws -> [Metric] {
        var metrics = try evaluate(
            channel, context, kernel(weights: finalWeights, bias: finalBias), final: true
        )[0].metrics
        if configuration.task == .binary {
            let scored = try scored ?? scoredLabels(channel, context, limit: nil)
            metrics.append(
                Metric(
                    channel: channel.rawValue, name: "roc_auc_score", tag: .score,
                    value: scored.areaUnderCurve))
        }
        return metrics
    }

    /// Number of the model with the lowest loss after its best epoch; of several such, the first.
    var finalModel: Int {
        inner.candidates.indices.filter { inner.candidates[$0].hasBest }
            .min { inner.candidates[$0].bestLoss < inner.candidates[$1].bestLoss } ?? 0
    }

    var finalWeights: [Float] {
        let all = inner.candidates[finalModel].hasBest ? inner.bestWeights : inner.weights
        return Array(all[weightRange(of: finalModel)])
    }

    var finalBias: [Float] {
        let all = inner.candidates[finalModel].hasBest ? inner.bestBias : inner.bias
        return Array(all[biasRange(of: finalModel)])
    }

    /// Scores and classes of a channel's records, or of `limit` of them, evenly spread. Every rank
    /// holds five bytes a record while it lasts.
    private func scoredLabels(
        _ channel: ChannelRole, _ context: any StepContext, limit: Int?
    ) throws -> ScoredLabels {
        let total = channel == .train ? data.recordCount : (data.validationCount ?? 0)
        let kernel = kernel(weights: finalWeights, bias: finalBias)
        let loss = configuration.loss
        let parts = try context.collect(over: channel) { shard in
            let rows = (0..<shard.records.count).filter { row in
                guard let limit, limit < total else { return true }
                let record = shard.firstRecord + row
                return (record + 1) * limit / total > record * limit / total
            }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(rows.count * 5)
            kernel.forEachBlock(of: shard.records.features, rows: rows) { range, scores, _ in
                for (position, index) in range.enumerated() {
                    let score = Float(BinaryScore.value(Double(scores[position]), loss: loss))
                    withUnsafeBytes(of: score.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                    bytes.append(shard.records.labels[rows[index]] == 1 ? 1 : 0)
                }
            }
            return bytes
        }
        var pairs: [(score: Float, isPositive: Bool)] = []
        pairs.reserveCapacity(parts.reduce(0) { $0 + $1.count } / 5)
        for part in parts {
            for offset in stride(from: 0, to: part.count, by: 5) {
                let bits = part[offset..<offset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                pairs.append((Float(bitPattern: bits), part[offset + 4] == 1))
            }
        }
        return ScoredLabels(pairs)
    }
}
