import LinearAlgebra
public import Tensors
import Training

#if canImport(Glibc)
    import Glibc
#endif

extension LinearKernel {
    /// Adds the gradient and the loss of `rows` of a shard, sums over records, not means.
    ///
    /// - Parameters:
    ///   - weightGradient: [outputs, features].
    ///   - biasGradient: [outputs].
    /// - Returns: for each model the sum of its losses, weighted by class.
    public func addGradient(
        of records: Records, rows: [Int], weightGradient: UnsafeMutableBufferPointer<Float>,
        biasGradient: UnsafeMutableBufferPointer<Float>
    ) -> [Double] {
        var totals = [Double](repeating: 0, count: models)
        let width = outputsOfModel
        forEachBlock(of: records.features, rows: rows) { range, scores, block in
            for (position, index) in range.enumerated() {
                for model in 0..<models {
                    let start = position * outputs + model * width
                    totals[model] += replaceBySlopes(
                        UnsafeMutableBufferPointer(rebasing: scores[start..<start + width]),
                        label: records.labels[rows[index]])
                }
            }
            for row in 0..<range.count {
                for output in 0..<outputs { biasGradient[output] += scores[row * outputs + output] }
            }
            let slopes = UnsafeBufferPointer(scores)
            switch block {
            case .dense(let features):
                MatrixProducts.addTransposedTimes(
                    slopes, features, into: weightGradient, rows: range.count, outer: outputs,
                    columns: featureCount)
            case .sparse(let features):
                scaler.factor.withUnsafeBufferPointer { factor in
                    SparseProducts.addTransposedTimes(
                        features, slopes, columns: outputs, featureCount: featureCount, factor: factor,
                        into: weightGradient)
                }
            }
        }
        return totals
    }

    /// Turns one record's scores of one model into the derivatives of its loss by them; returns the loss.
    @inline(__always)
    private func replaceBySlopes(_ scores: UnsafeMutableBufferPointer<Float>, label: Float) -> Double {
        let weight = classWeights.isEmpty ? 1 : classWeights[Int(label)]
        if scores.count == 1 {
            let target = (Double(label) - scaler.labelShift) / scaler.labelUnit
            let (loss, slope) = loss.evaluate(score: Double(scores[0]), target: target)
            scores[0] = weight * Float(slope)
            return Double(weight) * loss
        }
        let (loss, _) = Softmax.replaceByProbabilities(scores, label: Int(label))
        scores[Int(label)] -= 1
        if weight != 1 { for index in scores.indices { scores[index] *= weight } }
        return Double(weight) * loss
    }

    /// The summed gradient with the shift of sparse features taken off: Σ s·(x − shift)·factor =
    /// Σ s·x·factor − (Σ s)·shift·factor, where s are the slopes that `biasGradient` has summed.
    public func shiftedGradient(_ gradient: [Float], biasGradient: [Float]) -> [Float] {
        guard isSparse else { return gradient }
        var shifted = gradient
        for output in 0..<outputs {
            let slopes = Double(biasGradient[output])
            for feature in 0..<featureCount {
                let index = output * featureCount + feature
                shifted[index] = Float(Double(gradient[index]) - slopes * scaler.relativeShift(of: feature))
            }
        }
        return shifted
    }
}

/// Probabilities of classes from their scores.
enum Softmax {
    /// Replaces scores by probabilities; returns −log of that of `label`, and the position of `label`
    /// among the classes in falling order of score, from 0 (equal scores: the lower class first).
    static func replaceByProbabilities(
        _ scores: UnsafeMutableBufferPointer<Float>, label: Int
    ) -> (loss: Double, position: Int) {
        let own = scores[label]
        var largest = scores[0]
        var position = 0
        for index in 0..<scores.count {
            let score = scores[index]
            if score > largest { largest = score }
            if score > own || (score == own && index < label) { position += 1 }
        }
        for index in 0..<scores.count { scores[index] -= largest }
        let relative = Double(scores[label])
        Exponential.apply(scores)
        var sum: Float = 0
        for index in 0..<scores.count { sum += scores[index] }
        let inverse = 1 / sum
        for index in 0..<scores.count { scores[index] *= inverse }
        return (log(Double(sum)) - relative, position)
    }
}
