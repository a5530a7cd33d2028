import Training

/// Metrics from the sums over a channel.
struct LinearMetrics {
    let channel: ChannelRole
    let configuration: LinearConfiguration
    let layout: ScoreLayout
    let sums: [Double]

    private var records: Double { max(1, sums[ScoreLayout.records]) }

    /// Mean loss a record, in units of the label.
    var loss: Double { sums[ScoreLayout.loss] / records }

    /// All but the objective.
    var metrics: [Metric] {
        switch configuration.task {
        case .regressor: regression
        case .binary: binary
        case .multiclass: multiclass
        }
    }

    private var regression: [Metric] {
        let meanSquare = sums[ScoreLayout.squaredError] / records
        return [
            loss("mse", meanSquare), loss("rmse", meanSquare.squareRoot()),
            loss("absolute_loss", sums[ScoreLayout.absoluteError] / records),
        ]
    }

    private var binary: [Metric] {
        let quality = quality(ofClass: 1)
        return [
            score("binary_classification_accuracy", accuracy),
            score("precision", quality.precision), score("recall", quality.recall),
            score("binary_f_beta", quality.f, logged: "binary_f_\(betaText)"),
        ]
    }

    private var multiclass: [Metric] {
        let all = (0..<layout.classes).map { quality(ofClass: $0) }
        let count = Double(layout.classes)
        return [
            score("multiclass_accuracy", accuracy),
            score(
                "multiclass_top_k_accuracy", sums[ScoreLayout.withinTopK] / records,
                logged: "multiclass_top_k_accuracy_\(configuration.topK)"),
            score("dcg", sums[ScoreLayout.gain] / records),
            score("macro_precision", all.reduce(0) { $0 + $1.precision } / count),
            score("macro_recall", all.reduce(0) { $0 + $1.recall } / count),
            score("macro_f_beta", all.reduce(0) { $0 + $1.f } / count, logged: "macro_f_\(betaText)"),
        ]
    }

    private var accuracy: Double {
        (0..<layout.classes).reduce(0) { $0 + sums[layout.hits($1)] } / records
    }

    private func quality(ofClass label: Int) -> (precision: Double, recall: Double, f: Double) {
        let hits = sums[layout.hits(label)]
        let counts = BinaryCounts(
            truePositives: Int(hits), falsePositives: Int(sums[layout.predicted(label)] - hits),
            positives: Int(sums[layout.actual(label)]), records: Int(records))
        return (counts.precision, counts.recall, counts.fScore(beta: configuration.beta))
    }

    /// β with three digits, as SageMaker has it in the name of the metric.
    private var betaText: String {
        let thousandths = Int((configuration.beta * 1000).rounded())
        let fraction = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    private func loss(_ name: String, _ value: Double) -> Metric {
        Metric(channel: channel.rawValue, name: name, tag: .loss, value: value)
    }

    private func score(_ name: String, _ value: Double, logged: String? = nil) -> Metric {
        Metric(channel: channel.rawValue, name: name, tag: .score, value: value, loggedName: logged)
    }
}
