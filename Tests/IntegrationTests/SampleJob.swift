import Foundation
import Glibc

/// A small job on made data, with everything a test may want to vary.
struct SampleJob {
    enum Form: String, CaseIterable {
        case dense, sparse
    }

    var name = "sample"
    var algorithm = "linear-learner"
    var form = Form.dense
    var hyperparameters: [String: String] = [:]
    var environment: [String: String] = [:]
    var instanceCount = 1
    var usesSpot = false
    var records = 403
    var features = 7
    /// Rows of every file, so that shards and files do not fall together.
    var files = 3

    static func linearLearner(_ form: Form, name: String = "sample") -> SampleJob {
        var job = SampleJob(name: name, form: form)
        job.hyperparameters = [
            "predictor_type": "binary_classifier", "epochs": "4", "mini_batch_size": "50",
            "logical_shards": "8", "seed": "3",
        ]
        return job
    }

    static func kmeans(_ form: Form, name: String = "sample") -> SampleJob {
        var job = SampleJob(name: name, algorithm: "kmeans", form: form)
        job.hyperparameters = [
            "k": "5", "epochs": "4", "mini_batch_size": "60", "feature_dim": "7", "logical_shards": "8",
            "init_method": "kmeans++",
        ]
        return job
    }

    /// Writes data and job into `folder`; returns the job file.
    func write(to folder: URL) throws -> URL {
        let data = folder.appendingPathComponent("data-\(algorithm)-\(form)")
        if !FileManager.default.fileExists(atPath: data.path) { try writeData(to: data) }
        let job = folder.appendingPathComponent("\(name).json")
        // Of ranks by hand and of a cluster's jobs, which may run as another user.
        let output = folder.appendingPathComponent("output")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        chmod(output.path, 0o777)
        let request = request(data: data.path, output: output.path)
        try JSONSerialization.data(withJSONObject: request, options: [.sortedKeys, .prettyPrinted]).write(
            to: job)
        return job
    }

    func request(data: String, output: String) -> [String: Any] {
        let labels = algorithm == "kmeans" ? 0 : 1
        let contentType = form == .dense ? "text/csv;label_size=\(labels)" : "text/libsvm"
        return [
            "EnableManagedSpotTraining": usesSpot,
            "TrainingJobName": name,
            "AlgorithmSpecification": ["AlgorithmName": algorithm, "TrainingInputMode": "File"],
            "RoleArn": "arn:aws:iam::000000000000:role/lockstep",
            "HyperParameters": hyperparameters,
            "Environment": environment,
            "InputDataConfig": [
                [
                    "ChannelName": "train", "ContentType": contentType,
                    "DataSource": [
                        "S3DataSource": ["S3DataType": "S3Prefix", "S3Uri": "file://\(data)"]
                    ],
                ]
            ],
            "OutputDataConfig": ["S3OutputPath": "file://\(output)"],
            "ResourceConfig": ["InstanceType": "local", "InstanceCount": instanceCount, "VolumeSizeInGB": 1],
            "StoppingCondition": ["MaxRuntimeInSeconds": 600].merging(
                usesSpot ? ["MaxWaitTimeInSeconds": 600] : [:]
            ) { $1 },
        ]
    }

    private func writeData(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var state: UInt64 = 88_172_645_463_325_252
        func random() -> Double {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Double(state >> 11) * 0x1p-53
        }
        var lines = [[String]](repeating: [], count: files)
        for record in 0..<records {
            let label = record % 3 == 0 ? 1 : 0
            let values = (0..<features).map { _ in
                ((random() - 0.5) * 4 + Double(label)) * 1000
            }.map { ($0).rounded() / 1000 }
            // Files of uneven length: the last takes most.
            let file = record % 10 == 0 ? 0 : record % 10 < 3 ? min(1, files - 1) : files - 1
            lines[file].append(line(label: label, values: values, keep: { random() < 0.5 }))
        }
        for (index, text) in lines.enumerated() {
            let file = folder.appendingPathComponent("part-\(index).\(form == .dense ? "csv" : "libsvm")")
            try (text.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
        }
    }

    private func line(label: Int, values: [Double], keep: () -> Bool) -> String {
        switch form {
        case .dense:
            let features = values.map { "\($0)" }.joined(separator: ",")
            return algorithm == "kmeans" ? features : "\(label)," + features
        case .sparse:
            let entries = values.enumerated().compactMap { keep() ? "\($0.offset):\($0.element)" : nil }
            return (["\(label)"] + entries).joined(separator: " ")
        }
    }
}
