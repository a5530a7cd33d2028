public import AlgorithmSpecs
import Diagnostics

/// The hyperparameter `feature_dim` against the data.
public enum FeatureWidth {
    /// - Throws: `LockstepError(.configuration)` when `feature_dim` is given and is not the width of a
    ///   record.
    public static func check(_ given: ResolvedHyperparameters, data: DataDescription) throws {
        guard let width = given.integer("feature_dim"), width != data.featureCount else { return }
        throw LockstepError(
            .configuration,
            "hyperparameter feature_dim is '\(width)': the records of channel train have "
                + "\(data.featureCount) features")
    }
}
