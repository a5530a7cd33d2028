import CommandLineEntry
import JSON
import SageMakerShapes

/// A job on one page, for people.
struct JobSheet {
    private let job: TrainingJobDescription
    private let request: CreateTrainingJobRequest

    init(_ json: JSONValue) throws {
        job = try json.decode(TrainingJobDescription.self)
        request = try json.decode(CreateTrainingJobRequest.self)
    }

    var text: String {
        var lines = facts.map { name, value in Self.padded(name, 14) + value }
        lines += section("Hyperparameters", (request.hyperParameters ?? [:]).sorted { $0.key < $1.key })
        lines += section(
            "Channels",
            (request.inputDataConfig ?? []).map {
                ($0.channelName, $0.dataSource?.s3DataSource?.s3Uri ?? "")
            })
        lines += section(
            "Metrics", (job.finalMetricDataList ?? []).map { ($0.metricName, Quantity.real($0.value)) })
        lines += section("Attempts", (job.attempts ?? []).map(Self.attempt))
        lines += section(
            "History",
            job.secondaryStatusTransitions.map {
                (Quantity.time(seconds: $0.startTime), "\($0.status): \($0.statusMessage)")
            })
        return lines.joined(separator: "\n")
    }

    private var facts: [(String, String)] {
        let status =
            JobResult.coloured(job.trainingJobStatus)
            + (job.secondaryStatus == job.trainingJobStatus ? "" : " (\(job.secondaryStatus))")
        var facts = [("Job", job.trainingJobName), ("Status", status)]
        if let reason = job.failureReason { facts.append(("Reason", reason)) }
        facts.append(Self.trainer(request))
        facts.append(("Ranks", String(request.resourceConfig?.instanceCount ?? 1)))
        facts.append(("Created", Quantity.time(seconds: job.creationTime) + " UTC"))
        if let start = job.trainingStartTime, let end = job.trainingEndTime {
            facts.append(("Trained", Quantity.duration(seconds: end - start)))
        }
        if let progress = progress { facts.append(("Progress", progress)) }
        if let path = job.modelPath { facts.append(("Model", path)) }
        if let hash = job.modelHash { facts.append(("Model hash", hash)) }
        return facts
    }

    private var progress: String? {
        var words: [String] = []
        if let fraction = job.trainingProgress?.fraction { words.append("\(Int(fraction * 100))%") }
        if let step = job.progressInfo?.currentStep { words.append("step \(step)") }
        if let epoch = job.progressInfo?.currentEpoch { words.append("epoch \(epoch)") }
        if let loss = job.trainingProgress?.loss { words.append("loss \(Quantity.real(loss))") }
        if let rate = job.trainingProgress?.samplesPerSecond {
            words.append("\(Quantity.rate(rate)) samples/s")
        }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private static func attempt(_ attempt: TrainingJobDescription.Attempt) -> (String, String) {
        var words = [attempt.workers.joined(separator: ", ")]
        if let first = attempt.firstStep, let last = attempt.lastStep {
            words.append("steps \(first) to \(last)")
        }
        words.append(attempt.outcome ?? "running")
        return (String(attempt.number), words.joined(separator: "; "))
    }

    private func section(_ title: String, _ entries: [(key: String, value: String)]) -> [String] {
        if entries.isEmpty { return [] }
        let width = (entries.map(\.key.count).max() ?? 0) + 2
        return ["", title] + entries.map { "  " + Self.padded($0.key, width) + $0.value }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// What trains: an algorithm by its name, or the user's program.
    private static func trainer(_ request: CreateTrainingJobRequest) -> (String, String) {
        let algorithm = request.algorithmSpecification
        if let words = algorithm?.containerEntrypoint {
            return ("Program", (words + (algorithm?.containerArguments ?? [])).joined(separator: " "))
        }
        if let script = request.hyperParameters?["sagemaker_program"] { return ("Program", script) }
        return ("Algorithm", algorithm?.builtInName ?? "")
    }
}
