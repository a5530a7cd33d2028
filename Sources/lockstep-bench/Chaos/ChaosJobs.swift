import APIClient
import Diagnostics
import Foundation
import SageMakerShapes

/// The jobs that are disturbed: one of each algorithm, on made data.
struct ChaosJobs {
    static let algorithms = ["linear-learner", "kmeans"]
    let folder: String

    /// Writes 3,000 records of 12 features and a label.
    init(folder: String) throws {
        self.folder = folder
        var random = SeededRandom(7)
        var rows = ""
        for _ in 0..<3000 {
            let values = (0..<12).map { _ in Double(Int.random(in: -4000...4000, using: &random)) / 1000 }
            let label = values.enumerated().reduce(0) { $0 + Double($1.offset - 5) * $1.element }
            rows += "\(label > 0 ? 1 : 0)," + values.map { "\($0)" }.joined(separator: ",") + "\n"
        }
        try rows.write(toFile: folder + "/train.csv", atomically: true, encoding: .utf8)
        try String(rows.split(separator: "\n").map { $0.dropFirst(2) }.joined(separator: "\n") + "\n")
            .write(toFile: folder + "/points.csv", atomically: true, encoding: .utf8)
    }

    /// - Parameters:
    ///   - delayMilliseconds: sleep after every step, so that there is time to disturb.
    ///   - epochs: `nil`: 600 steps.
    func submit(
        _ name: String, algorithm: String, delayMilliseconds: Int, epochs: Int? = nil,
        to cluster: ChaosCluster
    ) throws {
        var request = CreateTrainingJobRequest(trainingJobName: name)
        request.algorithmSpecification = AlgorithmSpecification()
        request.algorithmSpecification?.algorithmName = algorithm
        request.algorithmSpecification?.trainingInputMode = "File"
        let isLinear = algorithm == "linear-learner"
        request.hyperParameters =
            isLinear
            ? [
                "predictor_type": "binary_classifier", "epochs": "20", "mini_batch_size": "100",
                "early_stopping_patience": "20",
            ]
            : ["k": "8", "feature_dim": "12", "mini_batch_size": "50", "epochs": "10"]
        if let epochs {
            request.hyperParameters?["epochs"] = "\(epochs)"
            if isLinear { request.hyperParameters?["early_stopping_patience"] = "\(epochs)" }
        }
        request.hyperParameters?["checkpoint_interval_seconds"] = "1"
        var channel = Channel(channelName: "train")
        channel.contentType = isLinear ? "text/csv;label_size=1" : "text/csv;label_size=0"
        channel.dataSource = DataSource()
        let data = isLinear ? "train.csv" : "points.csv"
        channel.dataSource?.s3DataSource = S3DataSource(s3Uri: "file://\(folder)/\(data)")
        channel.dataSource?.s3DataSource?.s3DataType = "S3Prefix"
        request.inputDataConfig = [channel]
        request.outputDataConfig = OutputDataConfig(s3OutputPath: "file://\(cluster.folder)/output")
        request.resourceConfig = ResourceConfig()
        request.resourceConfig?.instanceCount = 4
        request.resourceConfig?.minInstanceCount = 1
        request.enableManagedSpotTraining = true
        request.environment = [
            "LOCKSTEP_STEP_DELAY_MS": "\(delayMilliseconds)", "LOCKSTEP_HANG_TIMEOUT_SECONDS": "10",
        ]
        let body = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(request))
        _ = try cluster.withClient { try await $0.createTrainingJob(body) }
    }
}
