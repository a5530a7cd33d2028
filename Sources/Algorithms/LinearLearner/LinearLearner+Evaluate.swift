import LinearAlgebra
import Tensors
import Training

#if canImport(Glibc)
    import Glibc
#endif

extension LinearLearner {
    /// What a channel's records say of one model.
    struct Evaluation {
        var loss: Double
        var metrics: [Metric]
    }

    /// Loss and metrics of a channel for each model of a kernel, exact sums over all its records.
    func evaluate(
        _ channel: ChannelRole, _ context: any StepContext, _ kernel: LinearKernel, final: Bool = false
    ) throws -> [Evaluation] {
        let scorer = LinearScorer(
            kernel: kernel, task: configuration.task, loss: configuration.loss,
            threshold: inner.measures.threshold, topK: configuration.topK)
        let shapes = (0..<kernel.models).map { model in
            SumShape("scores of \(channel.rawValue)\(Self.suffix(model))", scorer.layout.count)
        }
        let sums = try context.sumWide(shapes, over: channel) { shard, out in
            scorer.add(shard.records, to: out)
        }
        let isFinal = final && channel != .test
        return sums.map { sums in
            let metrics = LinearMetrics(
                channel: channel, configuration: configuration, layout: scorer.layout, sums: sums)
            let objective = objective(channel, metrics.loss, final: isFinal)
            return Evaluation(loss: metrics.loss, metrics: [objective] + metrics.metrics)
        }
    }

    /// Behind a name that the first model has for itself.
    static func suffix(_ model: Int) -> String { model == 0 ? "" : " of model \(model)" }
}

/// Places of the sums in one array.
struct ScoreLayout: Sendable {
    static let records = 0
    static let loss = 1
    static let squaredError = 2
    static let absoluteError = 3
    static let withinTopK = 4
    static let gain = 5
    static let firstClass = 6
    /// 2 for a binary classifier, 0 for a regressor.
    let classes: Int
    var count: Int { Self.firstClass + 3 * classes }
    func hits(_ label: Int) -> Int { Self.firstClass + label }
    func predicted(_ label: Int) -> Int { Self.firstClass + classes + label }
    func actual(_ label: Int) -> Int { Self.firstClass + 2 * classes + label }
}

/// Adds up what the metrics need, record by record.
struct LinearScorer: Sendable {
    let kernel: LinearKernel
    let task: LinearConfiguration.Task
    /// In units of the label.
    let loss: Loss
    let threshold: Double
    let topK: Int

    var layout: ScoreLayout {
        switch task {
        case .regressor: ScoreLayout(classes: 0)
        case .binary: ScoreLayout(classes: 2)
        case .multiclass: ScoreLayout(classes: kernel.outputsOfModel)
        }
    }

    /// - Parameter out: a buffer of the layout for each model.
    func add(_ records: Records, to out: [UnsafeMutableBufferPointer<Double>]) {
        let layout = layout
        let rows = Array(0..<records.count)
        let width = kernel.outputsOfModel
        kernel.forEachBlock(of: records.features, rows: rows) { range, scores, _ in
            for (position, row) in range.enumerated() {
                for model in 0..<kernel.models {
                    let start = position * kernel.outputs + model * width
                    let own = UnsafeMutableBufferPointer(rebasing: scores[start..<start + width])
                    add(own, label: records.labels[row], layout, to: out[model])
                }
            }
        }
        for sums in out { sums[ScoreLayout.records] += Double(records.count) }
    }

    private func add(
        _ scores: UnsafeMutableBufferPointer<Float>, label: Float, _ layout: ScoreLayout,
        to out: UnsafeMutableBufferPointer<Double>
    ) {
        switch task {
        case .regressor:
            let score = Double(scores[0]) * kernel.scaler.labelUnit + kernel.scaler.labelShift
            let error = score - Double(label)
            out[ScoreLayout.loss] += loss.evaluate(score: score, target: Double(label)).loss
            out[ScoreLayout.squaredError] += error * error
            out[ScoreLayout.absoluteError] += abs(error)
        case .binary:
            let raw = Double(scores[0])
            let weight = kernel.classWeights.isEmpty ? 1 : Double(kernel.classWeights[Int(label)])
            out[ScoreLayout.loss] += weight * loss.evaluate(score: raw, target: Double(label)).loss
            let answer = BinaryScore.value(raw, loss: loss) >= threshold ? 1 : 0
            count(label: Int(label), answer: answer, layout, to: out)
        case .multiclass:
            let answer = Self.largest(UnsafeBufferPointer(scores))
            let (loss, position) = Softmax.replaceByProbabilities(scores, label: Int(label))
            let weight = kernel.classWeights.isEmpty ? 1 : Double(kernel.classWeights[Int(label)])
            out[ScoreLayout.loss] += weight * loss
            if position < topK { out[ScoreLayout.withinTopK] += 1 }
            out[ScoreLayout.gain] += 1 / log2(Double(position + 2))
            count(label: Int(label), answer: answer, layout, to: out)
        }
    }

    private func count(
        label: Int, answer: Int, _ layout: ScoreLayout, to out: UnsafeMutableBufferPointer<Double>
    ) {
        if label == answer { out[layout.hits(label)] += 1 }
        out[layout.predicted(answer)] += 1
        out[layout.actual(label)] += 1
    }

    /// Position of the largest score, the first where several are equal.
    static func largest(_ scores: UnsafeBufferPointer<Float>) -> Int {
        var best = 0
        for index in 1..<scores.count where scores[index] > scores[best] { best = index }
        return best
    }
}

/// The score a binary classifier answers with.
enum BinaryScore {
    /// eˣ in double precision.
    static func exponential(_ value: Double) -> Double { exp(value) }

    /// A probability with logistic loss, else the plain score.
    static func value(_ raw: Double, loss: Loss) -> Double {
        guard loss == .logistic else { return raw }
        let small = exp(-abs(raw))
        return raw >= 0 ? 1 / (1 + small) : small / (1 + small)
    }
}
