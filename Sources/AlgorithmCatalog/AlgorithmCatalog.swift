import AlgorithmSpecs
import Diagnostics
import KMeans
import LinearLearner
public import Training

/// The algorithms of this build, with their mathematics.
public enum AlgorithmCatalog {
    /// Every built-in algorithm, in order of name.
    public static var all: [any Algorithm.Type] { [KMeans.self, LinearLearner.self] }

    /// The algorithm whose specification has that name.
    public static func type(named name: String) -> (any Algorithm.Type)? {
        all.first { $0.spec.name == name }
    }

    /// The algorithm of that name.
    ///
    /// - Throws: `LockstepError(.configuration)` naming the built-ins when there is none.
    public static func requireType(named name: String) throws -> any Algorithm.Type {
        if let type = type(named: name) { return type }
        let spec = try AlgorithmSpec.builtIn(named: name)
        throw LockstepError(.bug, "algorithm \(spec.name) is declared but not in this build")
    }

    /// What scores records with `model`.
    ///
    /// - Throws: `LockstepError(.data)` when the model's description names no algorithm of this build,
    ///   or its tensors do not fit.
    public static func predictor(for model: Model) throws -> any Predictor {
        switch model.description["algorithm"] {
        case KMeans.spec.name: try KMeansPredictor(model: model)
        case LinearLearner.spec.name: try LinearPredictor(model: model)
        case let name:
            throw LockstepError(
                .data,
                "the model was made by algorithm \(name ?? "(none named)"), which this build lacks")
        }
    }
}
