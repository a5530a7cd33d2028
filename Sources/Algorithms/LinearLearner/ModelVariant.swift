/// How one of the models that are trained side by side differs from what the job asks for.
///
/// The first is what the job asks for. The others spread step size and penalties around it, by van der
/// Corput sequences in bases 2 and 3 (Halton, Numerische Mathematik 2 (1960), p. 84): any number of models
/// covers the same ranges evenly, and more models leave the first ones what they are.
struct ModelVariant: Sendable, Equatable {
    /// Times the first step size: 1/4 to 4.
    let rateFactor: Double
    /// Penalties: 1/100 to 100 times those of the job. Where it has no wd, 10⁻⁷ to 10⁻³; no l1 stays none.
    let l1, decay: Double

    /// Penalty in the middle of the range where the job has none.
    private static let usualDecay = 1e-5

    /// - Parameter index: of the model, from 0.
    init(_ index: Int, of rule: OptimizerRule) {
        guard index > 0 else {
            (rateFactor, l1, decay) = (1, rule.l1, rule.decay)
            return
        }
        let penaltyFactor = Self.power(of: 100, Self.vanDerCorput(index, base: 3))
        rateFactor = Self.power(of: 4, Self.vanDerCorput(index, base: 2))
        l1 = rule.l1 * penaltyFactor
        decay = (rule.decay > 0 ? rule.decay : Self.usualDecay) * penaltyFactor
    }

    /// `base` to the power of -1…1 for `position` 0…1.
    private static func power(of base: Double, _ position: Double) -> Double {
        LinearLearner.power(base, 2 * position - 1)
    }

    private static func vanDerCorput(_ index: Int, base: Int) -> Double {
        var (rest, scale, value) = (index, 1.0, 0.0)
        while rest > 0 {
            scale /= Double(base)
            value += Double(rest % base) * scale
            rest /= base
        }
        return value
    }
}
