import AlgorithmSpecs

#if canImport(Glibc)
    import Glibc
#endif

/// The step size of every step: a fall by a constant factor every so many steps, to a minimum.
struct LearningRateSchedule: Sendable, Equatable {
    /// `nil`: found from the data by `OptimizerRule.automaticRate`.
    let first: Double?
    let isUsed: Bool
    let stepsPerFall: Int
    private let factor: Double?
    private let minimum: Double?
    private let falls: Int

    /// - Parameter stepCount: steps of a training that is not stopped early.
    init(_ given: ResolvedHyperparameters, stepCount: Int) {
        first = given.real("learning_rate")
        isUsed = given.boolean("use_lr_scheduler") ?? true
        stepsPerFall = given.integer("lr_scheduler_step") ?? max(1, stepCount / 100)
        factor = given.real("lr_scheduler_factor")
        minimum = given.real("lr_scheduler_minimum_lr")
        falls = max(1, (stepCount - 1) / stepsPerFall)
    }

    /// Step size of step `step`, counted from 0, when the first is `first`.
    func rate(first: Double, step: Int) -> Double {
        guard isUsed else { return first }
        let lowest = min(first, minimum ?? first / 100)
        let factor = factor ?? pow(lowest / first, 1 / Double(falls))
        return max(lowest, first * Self.power(factor, step / stepsPerFall))
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
