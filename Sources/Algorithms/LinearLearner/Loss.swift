#if canImport(Glibc)
    import Glibc
#endif

/// What one record's score costs, and the slope of that cost.
///
/// In regression `score` and `target` are in the same units, and so are `delta` and `epsilon`; in
/// binary classification the target is 0 or 1. Softmax has several scores a record and lives in
/// `LinearKernel`.
public enum Loss: Sendable, Equatable {
    case squared, absolute
    case huber(delta: Double)
    case epsilonSquared(epsilon: Double)
    case epsilonAbsolute(epsilon: Double)
    case quantile(Double)
    case logistic
    case hinge(margin: Double)
    case softmax

    /// Loss and its derivative by the score; at a kink the derivative is 0 or that of the left side.
    @inline(__always)
    public func evaluate(score: Double, target: Double) -> (loss: Double, derivative: Double) {
        let error = score - target
        switch self {
        case .squared:
            return (error * error, 2 * error)
        case .absolute:
            return (abs(error), Self.sign(error))
        case .huber(let delta):
            if abs(error) <= delta { return (error * error / 2, error) }
            return (delta * (abs(error) - delta / 2), delta * Self.sign(error))
        case .epsilonSquared(let epsilon):
            let excess = max(0, abs(error) - epsilon)
            return (excess * excess, 2 * excess * Self.sign(error))
        case .epsilonAbsolute(let epsilon):
            let excess = max(0, abs(error) - epsilon)
            return (excess, excess > 0 ? Self.sign(error) : 0)
        case .quantile(let quantile):
            return error >= 0
                ? ((1 - quantile) * error, error > 0 ? 1 - quantile : 0) : (-quantile * error, -quantile)
        case .logistic:
            let small = exp(-abs(score))
            let probability = score >= 0 ? 1 / (1 + small) : small / (1 + small)
            return (max(score, 0) - score * target + log1p(small), probability - target)
        case .hinge(let margin):
            let side = 2 * target - 1
            let slack = margin - side * score
            return slack > 0 ? (slack, -side) : (0, 0)
        case .softmax:
            preconditionFailure("softmax has several scores a record")
        }
    }

    /// The same loss where scores and targets are divided by `unit`: `evaluate` of the result times
    /// `unit` to the power `degree` is `evaluate` of this.
    public func inUnits(of unit: Double) -> Loss {
        switch self {
        case .huber(let delta): .huber(delta: delta / unit)
        case .epsilonSquared(let epsilon): .epsilonSquared(epsilon: epsilon / unit)
        case .epsilonAbsolute(let epsilon): .epsilonAbsolute(epsilon: epsilon / unit)
        default: self
        }
    }

    /// How the loss grows with the unit of the label: 2 like squares, 1 like absolute values, 0 not.
    public var degree: Int {
        switch self {
        case .squared, .huber, .epsilonSquared: 2
        case .absolute, .epsilonAbsolute, .quantile: 1
        case .logistic, .hinge, .softmax: 0
        }
    }

    /// Name in the log before `_objective`, as SageMaker's patterns expect.
    var objectiveName: String {
        switch self {
        case .squared: "mse_objective"
        case .absolute: "absolute_loss_objective"
        case .huber: "huber_loss_objective"
        case .epsilonSquared: "eps_insensitive_squared_loss_objective"
        case .epsilonAbsolute: "eps_insensitive_absolute_loss_objective"
        case .quantile: "quantile_loss_objective"
        case .logistic: "binary_classification_cross_entropy_objective"
        case .hinge: "hinge_loss_objective"
        case .softmax: "multiclass_cross_entropy_objective"
        }
    }

    private static func sign(_ value: Double) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }
}
