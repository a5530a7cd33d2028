import Foundation

/// A job as somebody might submit it, and what has to become of it.
struct ReportedCase {
    struct Channel {
        let name: String
        let uri: String
        var mode = "File"
        var contentType: String?
        var isSharded = false
    }

    let name: String
    var words: [String]?
    var algorithm: String?
    var parameters: [String: String] = [:]
    var environment: [String: String] = [:]
    var channels: [Channel] = []
    /// Name and pattern of a metric.
    var pattern: (name: String, regex: String)?
    var hosts = 1
    var output: String?
    /// More of the request.
    var members: [String: Bool] = [:]

    /// What `submit` says where it refuses the job.
    var refusal: String?
    var status = "Completed"
    var attempts = 1
    /// What FailureReason has to say.
    var reason: [String] = []
    /// The lines of the log, of each host; `nil`: any.
    var log: [String: [String]]?
    var metrics: [String: Double] = [:]
    /// What model.tar.gz holds: bytes of a plain file, -1 for a folder; `nil`: any. Names are their bytes,
    /// each as a character.
    var archive: [String: Int]?

    /// A script in Python that lies in a folder of its own.
    static func python(
        _ name: String, _ text: String, in folder: URL, entry: String = "train.py",
        beside: [String: String] = [:]
    ) throws -> ReportedCase {
        let head = "import os, sys, time\nmodel = '/opt/ml/model'\n"
        return try code(name, beside.merging([entry: head + text + "\n"]) { $1 }, entry: entry, in: folder)
    }

    /// A script of any kind among its files.
    static func code(
        _ name: String, _ files: [String: String], entry: String, in folder: URL
    ) throws -> ReportedCase {
        let code = folder.appendingPathComponent("code-\(name)")
        for (path, text) in files { try write(text, code.appendingPathComponent(path)) }
        return ReportedCase(
            name: name,
            parameters: ["sagemaker_program": entry, "sagemaker_submit_directory": code.path])
    }

    /// A built-in algorithm on text that a file of a folder of its own holds.
    static func training(
        _ name: String, _ algorithm: String = "linear-learner", files: [String: String],
        type: String = "text/csv;label_size=1", in folder: URL
    ) throws -> ReportedCase {
        let data = folder.appendingPathComponent("data-\(name)")
        for (path, text) in files { try write(text, data.appendingPathComponent(path)) }
        var parameters = ["k": "2", "logical_shards": "4"]
        if algorithm == "linear-learner" {
            parameters = [
                "predictor_type": "regressor", "epochs": "3", "mini_batch_size": "20", "logical_shards": "4",
            ]
        }
        return ReportedCase(
            name: name, algorithm: algorithm, parameters: parameters,
            channels: [Channel(name: "train", uri: "file://\(data.path)", contentType: type)])
    }

    static func write(_ text: String, _ file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    func failing(_ reason: String..., attempts: Int = 1) -> ReportedCase {
        changed { ($0.status, $0.reason, $0.attempts) = ("Failed", reason, attempts) }
    }

    func changed(_ change: (inout ReportedCase) -> Void) -> ReportedCase {
        var changed = self
        change(&changed)
        return changed
    }

    func request(output usual: String) -> [String: Any] {
        var specification: [String: Any] = ["TrainingInputMode": "File"]
        specification["ContainerEntrypoint"] = words
        specification["AlgorithmName"] = algorithm
        specification["MetricDefinitions"] = pattern.map { [["Name": $0.name, "Regex": $0.regex]] }
        var request: [String: Any] = [
            "TrainingJobName": name, "AlgorithmSpecification": specification,
            "HyperParameters": parameters, "Environment": environment,
            "OutputDataConfig": ["S3OutputPath": output ?? "file://\(usual)"],
            "ResourceConfig": ["InstanceType": "local", "InstanceCount": hosts, "VolumeSizeInGB": 1],
            "StoppingCondition": ["MaxRuntimeInSeconds": 300],
        ]
        request.merge(members) { $1 }
        guard !channels.isEmpty else { return request }
        request["InputDataConfig"] = channels.map { channel in
            var source = ["S3DataType": "S3Prefix", "S3Uri": channel.uri]
            if channel.isSharded { source["S3DataDistributionType"] = "ShardedByS3Key" }
            var entry: [String: Any] = [
                "ChannelName": channel.name, "InputMode": channel.mode,
                "DataSource": ["S3DataSource": source],
            ]
            entry["ContentType"] = channel.contentType
            return entry
        }
        return request
    }
}
