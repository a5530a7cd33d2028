import LinearLearner
import Tensors
import Testing

struct LossCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var loss: Loss
    var targets: [Double]

    static let all: [LossCase] = [
        LossCase(testDescription: "squared", loss: .squared, targets: [-1, 0.3, 2]),
        LossCase(testDescription: "absolute", loss: .absolute, targets: [-1, 0.3, 2]),
        LossCase(testDescription: "huber", loss: .huber(delta: 0.7), targets: [-1, 0.3, 2]),
        LossCase(testDescription: "eps squared", loss: .epsilonSquared(epsilon: 0.2), targets: [-1, 0.3, 2]),
        LossCase(
            testDescription: "eps absolute", loss: .epsilonAbsolute(epsilon: 0.2), targets: [-1, 0.3, 2]),
        LossCase(testDescription: "quantile", loss: .quantile(0.3), targets: [-1, 0.3, 2]),
        LossCase(testDescription: "logistic", loss: .logistic, targets: [0, 1]),
        LossCase(testDescription: "hinge", loss: .hinge(margin: 1.5), targets: [0, 1]),
    ]
}

@Suite struct LossTests {
    @Test("a loss's derivative is that of finite differences", arguments: LossCase.all)
    func derivative(_ item: LossCase) {
        let step = 1e-6
        for target in item.targets {
            for score in stride(from: -3.137, through: 3, by: 0.211) {
                let above = item.loss.evaluate(score: score + step, target: target).loss
                let below = item.loss.evaluate(score: score - step, target: target).loss
                let slope = item.loss.evaluate(score: score, target: target).derivative
                #expect(abs((above - below) / (2 * step) - slope) < 1e-5, "score \(score), target \(target)")
            }
        }
    }

    @Test("a loss in other units is the same loss", arguments: LossCase.all.prefix(6))
    func units(_ item: LossCase) {
        for unit in [0.25, 3.0] {
            let factor = item.loss.degree == 2 ? unit * unit : unit
            for score in [-2.0, 0.1, 0.35, 1.4] {
                let plain = item.loss.evaluate(score: score, target: 0.3).loss
                let scaled = item.loss.inUnits(of: unit).evaluate(score: score / unit, target: 0.3 / unit)
                #expect(abs(scaled.loss * factor - plain) < 1e-12 * max(1, plain))
            }
        }
    }

    /// The whole gradient through normalisation and products, for one and several outputs.
    @Test("a kernel's gradient is that of finite differences", arguments: [false, true], [1, 4])
    func kernelGradient(isSparse: Bool, outputs: Int) {
        let classes = outputs == 1 ? 2 : outputs
        let records =
            isSparse
            ? TestRecords.sparse(37, width: 5, classes: classes)
            : TestRecords.dense(37, width: 5, classes: classes)
        var scaler = Scaler.identity(featureCount: 5)
        scaler.shift = [0.5, 1, -0.25, 2, 0]
        scaler.factor = [1, 0.5, 0.25, 0.3, 0.2]
        let weights = (0..<5 * outputs).map { Float($0 % 7) * 0.1 - 0.25 }
        let bias = (0..<outputs).map { Float($0) * 0.2 - 0.1 }
        func kernel(_ weights: [Float], _ bias: [Float]) -> LinearKernel {
            LinearKernel(
                loss: outputs == 1 ? .logistic : .softmax, weights: weights, bias: bias, scaler: scaler,
                classWeights: (0..<classes).map { 1 + Float($0) / 2 }, isSparse: isSparse)
        }
        func evaluate(_ weights: [Float], _ bias: [Float]) -> (loss: Double, weights: [Float], bias: [Float])
        {
            var weightGradient = [Float](repeating: 0, count: weights.count)
            var biasGradient = [Float](repeating: 0, count: bias.count)
            let own = kernel(weights, bias)
            let loss = weightGradient.withUnsafeMutableBufferPointer { weights in
                biasGradient.withUnsafeMutableBufferPointer { bias in
                    own.addGradient(
                        of: records, rows: Array(0..<records.count), weightGradient: weights,
                        biasGradient: bias)
                }
            }
            return (loss[0], own.shiftedGradient(weightGradient, biasGradient: biasGradient), biasGradient)
        }
        let gradient = evaluate(weights, bias)
        // Scores are Floats: 1e-2 keeps their rounding near 1e-3 of the difference quotient.
        let step: Float = 1e-2
        for index in weights.indices {
            var (up, down) = (weights, weights)
            up[index] += step
            down[index] -= step
            let slope =
                (evaluate(up, bias).loss - evaluate(down, bias).loss) / Double(up[index] - down[index])
            #expect(abs(slope - Double(gradient.weights[index])) < 4e-3 * max(1, abs(slope)))
        }
        for index in bias.indices {
            var (up, down) = (bias, bias)
            up[index] += step
            down[index] -= step
            let slope =
                (evaluate(weights, up).loss - evaluate(weights, down).loss) / Double(up[index] - down[index])
            #expect(abs(slope - Double(gradient.bias[index])) < 4e-3 * max(1, abs(slope)))
        }
    }
}
