import CommandLineEntry
import SageMakerShapes
import StorageLocations

/// What became of a job: its status, and below it a line for each final metric, the model artifact and the
/// model hash.
struct JobResult {
    private let description: TrainingJobDescription

    init(_ description: TrainingJobDescription) { self.description = description }

    var lines: [String] {
        var first = description.trainingJobName + " " + Self.coloured(description.trainingJobStatus)
        if description.trainingJobStatus != description.secondaryStatus {
            first += " (\(description.secondaryStatus))"
        }
        let metrics = description.finalMetricDataList ?? []
        let width = metrics.map(\.metricName.count).max() ?? 0
        var lines = [first]
        lines += metrics.map { metric in
            let gap = String(repeating: " ", count: width - metric.metricName.count)
            return "  \(metric.metricName)\(gap)  \(Quantity.real(metric.value))"
        }
        if let hash = description.modelHash, let path = description.modelPath {
            lines += ["  model       \(path)", "  model-hash: \(hash)"]
        }
        return lines
    }

    /// A status in the colour of what it means.
    static func coloured(_ status: String) -> String {
        switch status {
        case "Completed": Terminal.coloured(status, .good)
        case "Failed": Terminal.coloured(status, .bad)
        case "Stopped", "Stopping": Terminal.coloured(status, .faint)
        default: Terminal.coloured(status, .busy)
        }
    }
}

extension TrainingJobDescription {
    /// Path of the model artifact, where there is one.
    var modelPath: String? {
        guard let uri = modelArtifacts?.s3ModelArtifacts else { return nil }
        return (try? FileURI(uri, field: "S3ModelArtifacts").path()) ?? uri
    }
}
