import RecordOrder
import Tensors
import Training

extension LinearLearner {
    /// What needs all records before the first update: labels checked, scaler, class weights, step size.
    mutating func prepare(_ context: any StepContext) throws {
        let configuration = configuration
        let counts = try labelCounts(context, .train)
        if data.validationCount != nil { _ = try labelCounts(context, .validation) }
        if data.testCount != nil { _ = try labelCounts(context, .test) }
        let meanSquare = try findScaler(context)
        inner.classWeights = Self.classWeights(configuration, counts: counts)
        let firstRate =
            configuration.schedule.first
            ?? configuration.optimizer.automaticRate(
                stepCount: plan.batchCount * configuration.epochs, meanSquare: meanSquare)
        for (model, variant) in configuration.variants.enumerated() {
            inner.candidates[model].firstRate = firstRate * variant.rateFactor
        }
        inner.measures.threshold = configuration.plainThreshold
        inner.counters.isPrepared = true
    }

    /// Checks every label of a channel; returns the records of each class, empty in regression.
    private func labelCounts(_ context: any StepContext, _ channel: ChannelRole) throws -> [Double] {
        let configuration = configuration
        let classes =
            switch configuration.task {
            case .regressor: 0
            case .binary: 2
            case .multiclass: configuration.outputs
            }
        let sums = try context.sumWide(
            [SumShape("records of each class", max(1, classes))], over: channel
        ) { shard, out in
            try LabelCheck.check(shard, channel: channel, configuration: configuration)
            guard classes > 0 else { return }
            for label in shard.records.labels { out[0][Int(label)] += 1 }
        }
        return classes > 0 ? sums[0] : []
    }

    /// Sets the scaler; returns the mean squared length of a normalised record.
    private mutating func findScaler(_ context: any StepContext) throws -> Double {
        let width = data.featureCount
        let records = Double(data.recordCount)
        let sums = try context.sumWide(
            [SumShape("sum of features", width), SumShape("sum of labels", 1)], over: .train
        ) { shard, out in
            ScalerSums.addValues(of: shard.records.features, to: out[0])
            out[1][0] = shard.records.labels.reduce(0) { $0 + Double($1) }
        }
        let means = sums[0].map { $0 / records }
        let labelMean = sums[1][0] / records
        let squares = try context.sumWide(
            [SumShape("squares of features", width), SumShape("squares of labels", 1)], over: .train
        ) { shard, out in
            ScalerSums.addSquares(of: shard.records.features, around: means, to: out[0])
            out[1][0] = shard.records.labels.reduce(0) {
                $0 + (Double($1) - labelMean) * (Double($1) - labelMean)
            }
        }
        let variances = squares[0].map { $0 / records }
        inner.scaler = scaler(
            means: means, variances: variances, labelMean: labelMean,
            labelVariance: squares[1][0] / records)
        var meanSquare = 0.0
        for feature in 0..<width {
            let factor = Double(inner.scaler.factor[feature])
            let rest = means[feature] - Double(inner.scaler.shift[feature])
            meanSquare += factor * factor * (variances[feature] + rest * rest)
        }
        return meanSquare
    }

    private func scaler(
        means: [Double], variances: [Double], labelMean: Double, labelVariance: Double
    ) -> Scaler {
        var scaler = Scaler.identity(featureCount: means.count)
        if configuration.shiftsFeatures { scaler.shift = means.map { Float($0) } }
        if configuration.scalesFeatures {
            scaler.factor = zip(means, variances).map { mean, variance in
                // A deviation below the rounding of the values is no deviation.
                let deviation = variance.squareRoot()
                return deviation > abs(mean) * 1e-7 ? Float(1 / deviation) : 0
            }
        }
        if configuration.shiftsLabel { scaler.labelShift = labelMean }
        if configuration.scalesLabel, labelVariance > 0 { scaler.labelUnit = labelVariance.squareRoot() }
        return scaler
    }

    /// Weight of a record by class, empty where all weigh 1.
    static func classWeights(_ configuration: LinearConfiguration, counts: [Double]) -> [Float] {
        switch configuration.task {
        case .regressor:
            return []
        case .binary:
            switch configuration.positiveWeight {
            case .fixed(1): return []
            case .fixed(let weight): return [1, Float(weight)]
            case .balanced: return counts[1] > 0 ? [1, Float(counts[0] / counts[1])] : []
            }
        case .multiclass:
            guard configuration.balancesClasses else { return [] }
            let total = counts.reduce(0, +)
            return counts.map { $0 > 0 ? Float(total / (Double(counts.count) * $0)) : 0 }
        }
    }
}
