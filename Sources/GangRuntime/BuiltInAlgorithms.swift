import AlgorithmCatalog
import AlgorithmSpecs
import Diagnostics
public import Training

/// The algorithms that come with Lockstep.
public enum BuiltInAlgorithms {
    /// The algorithm of that name.
    ///
    /// - Throws: `LockstepError(.configuration)` naming the nearest built-in, or all of them.
    public static func find(_ name: String) throws -> any Algorithm.Type {
        let spec = try AlgorithmSpec.builtIn(named: name)
        guard let type = AlgorithmCatalog.type(named: spec.name) else {
            throw LockstepError(.bug, "algorithm \(spec.name) is declared, but this build lacks it")
        }
        return type
    }
}
