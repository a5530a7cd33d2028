import AlgorithmSpecs

/// How a gradient moves the parameters. Element by element, in Float, in a fixed order of operations.
///
/// Penalties enter so that every optimizer has the same minimum: wd as its gradient, l1 by soft
/// thresholding with each element's own step size (proximal gradient).
struct OptimizerRule: Sendable, Equatable {
    enum Kind: String, Sendable { case sgd, adam, rmsprop }

    let kind: Kind
    let beta1, beta2, momentum: Double
    let l1, decay: Double
    let biasRateFactor, biasDecayFactor: Double

    init(_ given: ResolvedHyperparameters) {
        kind = given.text("optimizer").flatMap { Kind(rawValue: $0) } ?? .adam
        beta1 = given.real("beta_1") ?? 0.9
        beta2 = given.real("beta_2") ?? (kind == .rmsprop ? 0.9 : 0.999)
        momentum = given.real("momentum") ?? 0.9
        l1 = given.real("l1") ?? 0
        decay = given.real("wd") ?? 0
        biasRateFactor = given.real("bias_lr_mult") ?? 1
        biasDecayFactor = given.real("bias_wd_mult") ?? 0
    }

    /// The step size that `auto` stands for.
    ///
    /// Adam and rmsprop move a weight by about the step size. The sum of all step sizes, about a fifth
    /// of first · steps under the falling schedule, is held near 5 units of normalised weight: enough to
    /// reach any sensible optimum, whatever the number of records. Many features move a score together,
    /// so beyond a hundred the step falls with the square root of their number.
    ///
    /// - Parameters:
    ///   - stepCount: planned steps.
    ///   - meanSquare: mean squared length of a record after normalisation, the number of features
    ///     that vary. Its inverse bounds the step of sgd; momentum multiplies the steps, so they start
    ///     smaller.
    func automaticRate(stepCount: Int, meanSquare: Double) -> Double {
        switch kind {
        case .sgd: (1 - momentum).squareRoot() / (1 + meanSquare)
        case .adam, .rmsprop:
            min(0.3, max(0.002, 25 / Double(max(1, stepCount)) * min(1, (100 / meanSquare).squareRoot())))
        }
    }

    /// What one update needs to know beside the gradient.
    struct Step {
        var rate: Double
        var decay: Double
        var l1: Double
        /// β₁ᵗ and β₂ᵗ of the bias correction, t counted from 1.
        var beta1Power: Double
        var beta2Power: Double
    }

    /// Moves `parameters` in `range` against `gradient`; `first` and `second` are the moments (momentum in
    /// `first` for sgd, mean square in `second` for rmsprop), all of the same length.
    func update(
        _ parameters: inout [Float], first: inout [Float], second: inout [Float], gradient: [Float],
        range: Range<Int>, step: Step
    ) {
        precondition(parameters.count == gradient.count, "one gradient a parameter")
        precondition(
            first.count == gradient.count && second.count == gradient.count, "moments a parameter")
        parameters.withUnsafeMutableBufferPointer { p in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    gradient.withUnsafeBufferPointer { g in
                        let arrays = Arrays(
                            p: .init(rebasing: p[range]), m: .init(rebasing: m[range]),
                            v: .init(rebasing: v[range]), g: .init(rebasing: g[range]))
                        switch kind {
                        case .sgd: descend(arrays, step)
                        case .adam: adam(arrays, step)
                        case .rmsprop: rmsprop(arrays, step)
                        }
                    }
                }
            }
        }
    }

    private struct Arrays {
        let p, m, v: UnsafeMutableBufferPointer<Float>
        let g: UnsafeBufferPointer<Float>
    }

    /// Heavy ball: m ← μm + g, p ← p − ηm. The momentum settles at g / (1 − μ), hence the threshold.
    private func descend(_ arrays: Arrays, _ step: Step) {
        let (rate, decay, momentum) = (Float(step.rate), Float(step.decay), Float(self.momentum))
        let threshold = Float(step.l1 * step.rate / (1 - self.momentum))
        for index in 0..<arrays.g.count {
            let g = arrays.g[index] + decay * arrays.p[index]
            let m = momentum * arrays.m[index] + g
            arrays.m[index] = m
            arrays.p[index] = Self.soft(arrays.p[index] - rate * m, threshold)
        }
    }

    /// Kingma and Ba, ICLR 2015, algorithm 1.
    private func adam(_ arrays: Arrays, _ step: Step) {
        let decay = Float(step.decay)
        let (b1, b2) = (Float(beta1), Float(beta2))
        let (a1, a2) = (Float(1 - beta1), Float(1 - beta2))
        let rate = Float(step.rate)
        let firstFactor = Float(1 / (1 - step.beta1Power))
        let secondFactor = Float(1 / (1 - step.beta2Power))
        let l1 = Float(step.l1)
        for index in 0..<arrays.g.count {
            let g = arrays.g[index] + decay * arrays.p[index]
            let m = b1 * arrays.m[index] + a1 * g
            let v = b2 * arrays.v[index] + a2 * g * g
            arrays.m[index] = m
            arrays.v[index] = v
            let size = rate / ((v * secondFactor).squareRoot() + 1e-8)
            arrays.p[index] = Self.soft(arrays.p[index] - size * (m * firstFactor), l1 * size)
        }
    }

    private func rmsprop(_ arrays: Arrays, _ step: Step) {
        let (rate, decay, l1) = (Float(step.rate), Float(step.decay), Float(step.l1))
        let (b2, a2) = (Float(beta2), Float(1 - beta2))
        for index in 0..<arrays.g.count {
            let g = arrays.g[index] + decay * arrays.p[index]
            let v = b2 * arrays.v[index] + a2 * g * g
            arrays.v[index] = v
            let size = rate / (v.squareRoot() + 1e-8)
            arrays.p[index] = Self.soft(arrays.p[index] - size * g, l1 * size)
        }
    }

    @inline(__always)
    private static func soft(_ value: Float, _ threshold: Float) -> Float {
        max(value - threshold, 0) + min(value + threshold, 0)
    }
}
