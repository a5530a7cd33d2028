import ArgumentParser
import Datasets
import Diagnostics
import Foundation
import GangRuntime
import LinearAlgebra
import Storage
import Training

struct PredictCommand: AlgorithmCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Scores records with a trained model.",
        discussion: """
            The answers are those of the model's algorithm: as SageMaker has them, score and \
            predicted_label for linear-learner, closest_cluster and distance_to_cluster for kmeans. With \
            --label-size 1 the first column of the input is the true label, and the last lines on standard \
            error tell how good the model is on it.
            """)

    @Argument(help: "The model: model.tar.gz of a training job.", completion: .file(extensions: ["gz"]))
    var model: String

    @Argument(help: "The records: a file or folder of CSV, libsvm or RecordIO-protobuf, plain or gzip.")
    var input: String

    @Option(help: "Content type of the records, as in a job (default: told from the files).")
    var contentType: String?

    @Option(help: "Labels that stand before the features of a record: 0 or 1 (default: 0, in libsvm 1).")
    var labelSize: Int?

    @Option(help: "csv, jsonlines or json.", transform: Self.format)
    var outputFormat = PredictionFormat.jsonlines

    @Option(help: "File for the predictions (default: standard output).")
    var out: String?

    private static func format(_ name: String) throws -> PredictionFormat {
        if let format = PredictionFormat(rawValue: name) { return format }
        throw ValidationError("it must be csv, jsonlines or json")
    }

    func validate() throws {
        if let labelSize, !(0...1).contains(labelSize) {
            throw ValidationError("--label-size is \(labelSize): it must be 0 or 1")
        }
    }

    func run(_ algorithms: AlgorithmList) throws {
        LinearAlgebra.prepare()
        var source = ChannelSource(
            name: "input", path: input, contentType: contentType, defaultLabelCount: labelSize ?? 0)
        source.statedLabelCount = labelSize
        let prediction = try BatchPrediction(modelPath: model, source: source, algorithms: algorithms)
        let metrics: [Metric]
        if let out {
            var bytes: [UInt8] = []
            metrics = try prediction.run(outputFormat) { bytes += $0.utf8 }
            try AtomicFile.write(bytes, to: out)
        } else {
            metrics = try prediction.run(outputFormat) { text in
                do {
                    try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
                } catch {
                    throw LockstepError(.io, "cannot write to standard output", cause: error)
                }
            }
        }
        for metric in metrics { StandardStreams.error("\(metric.name): \(metric.value)") }
    }
}
