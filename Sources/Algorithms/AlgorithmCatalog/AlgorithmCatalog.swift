import KMeans
import LinearLearner
public import Training

/// The algorithms that come with Lockstep, with their mathematics.
public enum AlgorithmCatalog {
    /// All of them, in order of name.
    public static let builtIns = AlgorithmList([KMeans.self, LinearLearner.self])
}
