import CommandLineEntry
import SageMakerShapes

/// What became of a job, in one line: status, final metrics, model artifact, model hash.
struct JobResult {
    private let description: TrainingJobDescription

    init(_ description: TrainingJobDescription) { self.description = description }

    var line: String {
        var words = [description.trainingJobName + " " + Self.coloured(description.trainingJobStatus)]
        if description.trainingJobStatus != description.secondaryStatus {
            words[0] += " (\(description.secondaryStatus))"
        }
        words += (description.finalMetricDataList ?? []).map {
            "\($0.metricName) \(Quantity.real($0.value))"
        }
        if let hash = description.modelHash {
            words.append("model \(description.modelPath)")
            words.append("model-hash: \(hash)")
        }
        return words.joined(separator: "  ")
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
    /// Path of the model artifact.
    var modelPath: String {
        let uri = modelArtifacts.s3ModelArtifacts
        return uri.hasPrefix("file://") ? String(uri.dropFirst("file://".count)) : uri
    }
}
