import APIClient
import Diagnostics
import Foundation
import JSON
import SageMakerShapes
import Storage

/// The jobs that are disturbed: one of each kind, on made data.
struct ChaosJobs {
    let folder: String

    /// Writes 3,000 records of 12 features and a label, and the script.
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
        try FileManager.default.createDirectory(
            atPath: folder + "/code", withIntermediateDirectories: true)
        try ChaosKind.scriptText.write(
            toFile: "\(folder)/code/\(ChaosKind.scriptName)", atomically: true, encoding: .utf8)
    }

    /// - Parameters:
    ///   - delayMilliseconds: sleep after every step, so that there is time to disturb.
    ///   - epochs: of a built-in algorithm; `nil`: 600 steps.
    ///   - hosts: of the job; `nil`: two for a program, and for a built-in algorithm one to four.
    func submit(
        _ name: String, _ kind: ChaosKind, delayMilliseconds: Int, epochs: Int? = nil, hosts: Int? = nil,
        to cluster: ChaosCluster
    ) throws {
        var request = CreateTrainingJobRequest(trainingJobName: name)
        request.roleArn = "arn:aws:iam::000000000000:role/lockstep"
        request.algorithmSpecification = AlgorithmSpecification()
        request.algorithmSpecification?.trainingInputMode = "File"
        request.outputDataConfig = OutputDataConfig(s3OutputPath: "file://\(cluster.output)")
        request.resourceConfig = ResourceConfig()
        request.enableManagedSpotTraining = true
        request.stoppingCondition = StoppingCondition()
        request.stoppingCondition?.maxRuntimeInSeconds = 3600
        request.stoppingCondition?.maxWaitTimeInSeconds = 3600
        if kind.isScript {
            describeScript(&request, kind, delayMilliseconds, mark: cluster.mark(name))
        } else {
            describeRanks(&request, kind, delayMilliseconds, epochs: epochs)
        }
        if let hosts {
            request.resourceConfig?.instanceCount = hosts
            request.resourceConfig?.minInstanceCount = nil
        }
        let body = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(request))
        _ = try cluster.withClient { try await $0.createTrainingJob(body) }
    }

    /// A job of a second: one rank, few steps, no delay.
    func submitSmall(_ name: String, _ kind: ChaosKind, to cluster: ChaosCluster) throws {
        try submit(name, kind, delayMilliseconds: 0, epochs: 1, hosts: 1, to: cluster)
    }

    private func describeRanks(
        _ request: inout CreateTrainingJobRequest, _ kind: ChaosKind, _ delayMilliseconds: Int, epochs: Int?
    ) {
        let isLinear = kind != .kmeans
        request.algorithmSpecification?.algorithmName = isLinear ? "linear-learner" : "kmeans"
        request.hyperParameters =
            isLinear
            ? [
                "predictor_type": "binary_classifier", "epochs": "\(epochs ?? 20)", "mini_batch_size": "100",
                "early_stopping_patience": "\(epochs ?? 20)",
            ]
            : ["k": "8", "feature_dim": "12", "mini_batch_size": "50", "epochs": "\(epochs ?? 10)"]
        request.hyperParameters?["checkpoint_interval_seconds"] = "1"
        var channel = Channel(channelName: "train")
        channel.contentType = isLinear ? "text/csv;label_size=1" : "text/csv;label_size=0"
        channel.dataSource = DataSource()
        let data = isLinear ? "train.csv" : "points.csv"
        channel.dataSource?.s3DataSource = S3DataSource(s3Uri: "file://\(folder)/\(data)")
        channel.dataSource?.s3DataSource?.s3DataType = "S3Prefix"
        request.inputDataConfig = [channel]
        request.resourceConfig?.instanceCount = 4
        request.resourceConfig?.minInstanceCount = 1
        request.environment = [
            "LOCKSTEP_STEP_DELAY_MS": "\(delayMilliseconds)", "LOCKSTEP_HANG_TIMEOUT_SECONDS": "10",
        ]
    }

    private func describeScript(
        _ request: inout CreateTrainingJobRequest, _ kind: ChaosKind, _ delayMilliseconds: Int, mark: String
    ) {
        request.hyperParameters = [
            "sagemaker_program": ChaosKind.scriptName,
            "sagemaker_submit_directory": "file://\(folder)/code",
            "steps": "\(ChaosKind.scriptSteps)", "delay": "\(Double(delayMilliseconds) / 1000)",
            "mark": mark,
        ]
        if kind == .mpi { request.hyperParameters?["sagemaker_mpi_enabled"] = "true" }
        request.resourceConfig?.instanceCount = ChaosKind.scriptHosts
    }

    /// What tells a job's model from any other: its hash, or for programs the digest of its files.
    ///
    /// - Returns: `nil` while there is none.
    func modelHash(
        _ job: TrainingJobDescription, _ kind: ChaosKind, _ cluster: ChaosCluster
    ) throws -> String? {
        guard kind.isScript else { return job.modelHash }
        let path = "\(cluster.output)/\(job.trainingJobName)/output/model.tar.gz"
        guard let packed = FileManager.default.contents(atPath: path) else { return nil }
        let archive = try TarArchive(
            decoding: GzipBytes.decompress([UInt8](packed), source: path), source: path)
        return archive.entries.filter { $0.name.contains("digest-") }
            .map { "\($0.name) \(String(decoding: $0.bytes, as: UTF8.self))" }.sorted()
            .joined(separator: " ")
    }
}
