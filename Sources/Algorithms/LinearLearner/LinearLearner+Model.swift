import AlgorithmSpecs
import Tensors
public import Training

extension LinearLearner {
    /// Weights and intercepts for features as they are in the data, normalisation undone, in double
    /// precision: `score = weight · x + bias`. Of the best epoch, or of now where none has ended.
    public func model() -> Model {
        let (weights, bias) = (finalWeights, finalBias)
        let scaler = inner.scaler
        let width = data.featureCount
        var plainWeights = [Double](repeating: 0, count: weights.count)
        var plainBias = [Double](repeating: 0, count: bias.count)
        for output in 0..<bias.count {
            var taken = 0.0
            for feature in 0..<width {
                let index = output * width + feature
                let weight = Double(weights[index]) * Double(scaler.factor[feature])
                plainWeights[index] = weight * scaler.labelUnit
                taken += weight * Double(scaler.shift[feature])
            }
            plainBias[output] = (Double(bias[output]) - taken) * scaler.labelUnit + scaler.labelShift
        }
        var tensors = NamedTensors([
            ("weight", Tensor(plainWeights, shape: [bias.count, width])),
            ("bias", Tensor(plainBias, shape: [bias.count])),
        ])
        var description = [
            "algorithm": Self.spec.name, "predictor_type": configuration.task.rawValue,
            "feature_dim": String(width), "loss": configuration.lossName,
        ]
        switch configuration.task {
        case .regressor: break
        case .binary:
            let threshold =
                inner.counters.isPrepared
                ? inner.measures.threshold : configuration.plainThreshold
            tensors["threshold"] = Tensor([threshold], shape: [1])
            description["score"] = configuration.loss == .logistic ? "probability" : "margin"
        case .multiclass:
            description["num_classes"] = String(configuration.outputs)
            description["score"] = "probability"
        }
        return Model(tensors: tensors, description: description)
    }
}

extension LinearConfiguration {
    /// The hyperparameter's value, never `auto`.
    var lossName: String {
        switch loss {
        case .squared: "squared_loss"
        case .absolute: "absolute_loss"
        case .huber: "huber_loss"
        case .epsilonSquared: "eps_insensitive_squared_loss"
        case .epsilonAbsolute: "eps_insensitive_absolute_loss"
        case .quantile: "quantile_loss"
        case .logistic: "logistic"
        case .hinge: "hinge_loss"
        case .softmax: "softmax_loss"
        }
    }
}
