public import Training

/// How predictions are written: SageMaker's response forms.
public enum PredictionFormat: String, Sendable, CaseIterable {
    /// One line a record, the fields in the order of the JSON form.
    case csv
    /// One object a line.
    case jsonlines
    /// One object with all: `{"predictions": […]}`.
    case json

    /// What comes before the first prediction, between two, and after the last.
    var frame: (opening: String, separator: String, closing: String) {
        switch self {
        case .csv, .jsonlines: ("", "\n", "\n")
        case .json: (#"{"predictions":["#, ",", "]}\n")
        }
    }

    /// One prediction, without the frame.
    public func text(_ prediction: Prediction) -> String {
        switch self {
        case .csv:
            return prediction.fields.map { Self.text($0.value, brackets: false) }.joined(separator: ",")
        case .jsonlines, .json:
            let fields = prediction.fields.map { "\"\($0.name)\":" + Self.text($0.value, brackets: true) }
            return "{" + fields.joined(separator: ",") + "}"
        }
    }

    private static func text(_ value: Prediction.Value, brackets: Bool) -> String {
        switch value {
        case .number(let number): return text(number, isJSON: brackets)
        case .index(let index): return String(index)
        case .numbers(let numbers):
            let list = numbers.map { text($0, isJSON: brackets) }.joined(separator: ",")
            return brackets ? "[" + list + "]" : list
        }
    }

    /// JSON has no word for a number that is not finite.
    private static func text(_ number: Double, isJSON: Bool) -> String {
        number.isFinite || !isJSON ? String(number) : "null"
    }
}
