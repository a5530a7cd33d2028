import Diagnostics
import LinearAlgebra
public import Tensors
public import Training

/// Scores records with a model of linear-learner, in double precision.
public struct LinearPredictor: Predictor {
    public let featureCount: Int
    private let task: LinearConfiguration.Task
    private let outputs: Int
    private let weights: [Double]
    private let bias: [Double]
    private let threshold: Double
    private let isProbability: Bool

    public init(model: Model) throws {
        let name = model.description["predictor_type"] ?? "none"
        guard let task = LinearConfiguration.Task(rawValue: name) else {
            throw LockstepError(
                .data, "the model's predictor_type is \(name), which linear-learner does not know")
        }
        guard let weight = model.tensors["weight"], let bias = model.tensors["bias"],
            weight.shape.count == 2, bias.shape == [weight.shape[0]], weight.elementType == .float64,
            bias.elementType == .float64
        else {
            throw LockstepError(
                .data, "the model needs F64 tensors weight [outputs, features] and bias [outputs]")
        }
        guard task == .multiclass ? weight.shape[0] > 1 : weight.shape[0] == 1, weight.shape[1] > 0 else {
            throw LockstepError(
                .data,
                "the model's tensor weight is \(weight.shape), and a \(name) has "
                    + "\(task == .multiclass ? "2 or more outputs" : "1 output") and 1 or more features")
        }
        self.task = task
        outputs = weight.shape[0]
        featureCount = weight.shape[1]
        weights = weight.doubles
        self.bias = bias.doubles
        try PredictorInput.checkFinite("weight", weights)
        try PredictorInput.checkFinite("bias", self.bias)
        isProbability = model.description["score"] == "probability"
        if task == .binary {
            guard let tensor = model.tensors["threshold"], tensor.elementType == .float64,
                tensor.count == 1
            else { throw LockstepError(.data, "the model of a binary_classifier needs a threshold") }
            threshold = tensor.doubles[0]
            try PredictorInput.checkFinite("threshold", [threshold])
        } else {
            threshold = 0
        }
    }

    public func predict(_ features: FeatureMatrix) throws -> [Prediction] {
        try PredictorInput.check(features, width: featureCount)
        return (0..<features.rows).map { row in
            let scores = (0..<outputs).map { output in
                bias[output] + features.dot(row: row, weights, from: output * featureCount)
            }
            return prediction(scores)
        }
    }

    private func prediction(_ scores: [Double]) -> Prediction {
        switch task {
        case .regressor:
            return Prediction([("score", .number(scores[0]))])
        case .binary:
            let score = BinaryScore.value(scores[0], loss: isProbability ? .logistic : .hinge(margin: 1))
            return Prediction([
                ("score", .number(score)), ("predicted_label", .index(score >= threshold ? 1 : 0)),
            ])
        case .multiclass:
            var best = 0
            for index in 1..<scores.count where scores[index] > scores[best] { best = index }
            return Prediction([
                ("score", .numbers(Self.probabilities(scores, largest: scores[best]))),
                ("predicted_label", .index(best)),
            ])
        }
    }

    private static func probabilities(_ scores: [Double], largest: Double) -> [Double] {
        let parts = scores.map { BinaryScore.exponential($0 - largest) }
        let sum = parts.reduce(0, +)
        return parts.map { $0 / sum }
    }

    public func metrics(_ predictions: [Prediction], labels: [Float]) -> [Metric] {
        guard !predictions.isEmpty, predictions.count == labels.count else { return [] }
        let count = Double(labels.count)
        if task == .regressor {
            var (squares, absolutes) = (0.0, 0.0)
            for (prediction, label) in zip(predictions, labels) {
                guard case .number(let score)? = prediction["score"] else { continue }
                squares += (score - Double(label)) * (score - Double(label))
                absolutes += abs(score - Double(label))
            }
            return [
                Metric(
                    channel: "test", name: "rmse", tag: .loss, value: (squares / count).squareRoot()),
                Metric(channel: "test", name: "absolute_loss", tag: .loss, value: absolutes / count),
            ]
        }
        let hits = zip(predictions, labels).filter { prediction, label in
            prediction["predicted_label"] == .index(Int(exactly: label) ?? -1)
        }
        let name = task == .binary ? "binary_classification_accuracy" : "multiclass_accuracy"
        return [Metric(channel: "test", name: name, tag: .score, value: Double(hits.count) / count)]
    }
}
