import Diagnostics
public import Tensors

/// Scores records with a finished model, without a world.
public protocol Predictor: Sendable {
    /// Takes a model's tensors and description as `Algorithm.model` made them.
    ///
    /// - Throws: `LockstepError(.data)` naming the tensor or field that is missing or does not fit.
    init(model: Model) throws

    /// Width of a record.
    var featureCount: Int { get }

    /// One prediction a row. Rows do not influence each other.
    ///
    /// - Throws: `LockstepError(.data)` when the width of the rows is not `featureCount`.
    func predict(_ features: FeatureMatrix) throws -> [Prediction]

    /// What the predictions are worth on rows with labels; empty where labels mean nothing.
    func metrics(_ predictions: [Prediction], labels: [Float]) -> [Metric]
}

extension Predictor {
    /// Labels mean nothing.
    public func metrics(_ predictions: [Prediction], labels: [Float]) -> [Metric] { [] }
}

/// What a model says of one record: named values in the order of SageMaker's responses.
public struct Prediction: Sendable, Equatable {
    public enum Value: Sendable, Equatable {
        case number(Double)
        /// A class or another whole number, printed without a fraction.
        case index(Int)
        case numbers([Double])
    }
    public var fields: [(name: String, value: Value)]

    public init(_ fields: [(name: String, value: Value)]) { self.fields = fields }

    public static func == (left: Prediction, right: Prediction) -> Bool {
        left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    /// The value of that name.
    public subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }
}

/// Input of a predictor against its model.
public enum PredictorInput {
    /// - Throws: `LockstepError(.data)` when rows are not `width` wide.
    public static func check(_ features: FeatureMatrix, width: Int) throws {
        guard features.columns != width else { return }
        throw LockstepError(
            .data, "the records have \(features.columns) features, the model was trained on \(width)")
    }

    /// - Throws: `LockstepError(.data)` when a number of a model's tensor is NaN or infinite.
    public static func checkFinite(_ tensor: String, _ values: [Double]) throws {
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw LockstepError(
            .data,
            "the model's tensor \(tensor) is \(values[index]) at place \(index + 1) of \(values.count), "
                + "no finite number: the model is worth nothing, train it again")
    }
}

extension Prediction {
    /// Whether all its numbers are finite.
    public var isFinite: Bool {
        fields.allSatisfy { field in
            switch field.value {
            case .number(let number): number.isFinite
            case .index: true
            case .numbers(let numbers): numbers.allSatisfy(\.isFinite)
            }
        }
    }
}
