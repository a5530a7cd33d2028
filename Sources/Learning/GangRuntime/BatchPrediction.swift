import Checkpoints
import Collectives
public import Datasets
import Diagnostics
import Tensors
public import Training

/// Scores a channel with a model file, a block of records at a time.
public struct BatchPrediction {
    /// Records read and scored together, at most.
    private static let blockSize = 4096

    private let predictor: any Predictor
    private let channel: DataChannel

    /// Opens model and data.
    ///
    /// - Parameters:
    ///   - source: its width is that of the model.
    ///   - algorithms: those whose models it can score.
    /// - Throws: `LockstepError` naming the file and what is wrong with it.
    public init(modelPath: String, source: ChannelSource, algorithms: AlgorithmList) throws {
        let artifact = try ModelArtifact(reading: modelPath)
        var description = artifact.description.description
        description["algorithm"] = artifact.description.algorithm
        predictor = try algorithms.predictor(
            for: Model(tensors: artifact.tensors, description: description))
        var source = source
        source.featureCount = predictor.featureCount
        channel = try DataChannel.open(source, communicator: Collectives.SoloCommunicator())
    }

    /// Writes a prediction for every record to `output`, piece by piece.
    ///
    /// - Returns: what the predictions are worth, where the records have labels.
    public func run(_ format: PredictionFormat, output: (String) throws -> Void) throws -> [Metric] {
        let frame = format.frame
        try output(frame.opening)
        var kept: [Prediction] = []
        var labels: [Float] = []
        var isFirst = true
        // Wide records a few at a time.
        let blockSize = max(1, min(Self.blockSize, (1 << 22) / channel.featureCount))
        for start in stride(from: 0, to: channel.recordCount, by: blockSize) {
            let records = try channel.load(start..<min(start + blockSize, channel.recordCount))
            let predictions = try predictor.predict(records.features)
            if let odd = predictions.firstIndex(where: { !$0.isFinite }) {
                throw LockstepError(
                    .data,
                    "record \(start + odd + 1) of \(channel.source.path): the model's answer is no finite "
                        + "number; its values are beyond the range of those it was trained on")
            }
            let text = predictions.map { format.text($0) }.joined(separator: frame.separator)
            try output((isFirst ? "" : frame.separator) + text)
            isFirst = false
            if !records.labels.isEmpty {
                kept += predictions
                labels += records.labels
            }
        }
        try output(frame.closing)
        return predictor.metrics(kept, labels: labels)
    }
}
