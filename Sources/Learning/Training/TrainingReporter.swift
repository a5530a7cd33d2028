import Checkpoints
import ClusterTypes
public import Diagnostics
import Foundation

/// Tells the world outside about a training: SageMaker's log lines on standard output, events in
/// `events.jsonl`. Silent on all ranks but 0.
public final class TrainingReporter {
    private let isSpeaker: Bool
    private let events: EventLog?
    private let output: (String) -> Void
    private let complain: (String) -> Void
    private let encoder = JSONEncoder()
    private let start = Date().timeIntervalSince1970

    /// Since the last progress event.
    private var recent = StepTally()
    /// Since the last end of an epoch.
    private var epoch = StepTally()
    private var lastProgress = DispatchTime(uptimeNanoseconds: 1)
    private static let progressIntervalSeconds = 0.1

    /// - Parameters:
    ///   - rank: of this process.
    ///   - events: of the attempt, on rank 0 where there is an attempt's folder.
    ///   - output: takes log lines; standard output but in tests.
    ///   - complain: takes warnings; standard error but in tests.
    public init(
        rank: Int, events: EventLog?, output: @escaping (String) -> Void = StandardStreams.output,
        complain: @escaping (String) -> Void = StandardStreams.error
    ) {
        isSpeaker = rank == 0
        self.events = events
        self.output = output
        self.complain = complain
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// A line for people.
    func say(_ text: String) { if isSpeaker { output(text) } }

    /// A warning: something is not as it should be, and training goes on.
    public func warn(_ text: String) { if isSpeaker { complain("\(ProgramName.own): warning: \(text)") } }

    /// A warning about this rank's own machine, on whichever rank it is.
    func warnOfThisRank(_ text: String) { complain("\(ProgramName.own): warning: \(text)") }

    /// An event, on rank 0.
    func emit(_ kind: TrainingEvent.Kind, _ fill: (inout TrainingEvent) -> Void = { _ in }) {
        if isSpeaker { events?.emit(kind, fill) }
    }

    func checkpointWritten(_ checkpoint: Checkpoint, path: String) {
        emit(.checkpoint) {
            $0.step = checkpoint.commit.step
            $0.samples = checkpoint.commit.samples
            $0.stateHash = CheckpointDescription.hexadecimal(checkpoint.commit.stateHash)
            $0.path = path
        }
    }

    /// A step is committed.
    func stepCommitted(_ step: CommittedStep) {
        guard isSpeaker else { return }
        let (report, commit, seconds) = (step.report, step.commit, step.seconds)
        recent.add(report, seconds)
        epoch.add(report, seconds)
        let now = DispatchTime.now()
        let sinceLast = Double(now.uptimeNanoseconds - lastProgress.uptimeNanoseconds) * 1e-9
        if sinceLast >= Self.progressIntervalSeconds || report.progress >= 1 {
            lastProgress = now
            emitProgress(report, commit)
        }
        for metric in report.metrics {
            emitMetric(metric, step: commit.step, epoch: report.epoch)
            say("#quality_metric: host=algo-1, epoch=\(report.epoch), \(Self.text(metric))")
        }
        if report.endsEpoch { epochEnded(report) }
    }

    /// A metric of the finished model.
    func finalMetric(_ metric: Metric, step: Int) {
        emitMetric(metric, step: step, epoch: nil)
        say("#quality_metric: host=algo-1, \(Self.text(metric))")
    }

    /// The last `#metrics` line, with the whole time.
    func finished(algorithm: String) {
        let end = Date().timeIntervalSince1970
        sayMetrics(
            algorithm, epoch: nil, from: start, ["totaltime": StepTally(milliseconds: (end - start) * 1000)])
    }

    private func emitProgress(_ report: StepReport, _ commit: CommitRecord) {
        let tally = recent
        recent = StepTally()
        emit(.progress) {
            $0.step = commit.step
            $0.epoch = report.epoch
            $0.samples = commit.samples
            $0.loss = report.loss
            $0.seconds = tally.seconds / Double(max(tally.count, 1))
            $0.maxStepSeconds = tally.maxSeconds
            $0.progress = report.progress
            $0.samplesPerSecond = tally.recordsPerSecond
        }
    }

    private func emitMetric(_ metric: Metric, step: Int, epoch: Int?) {
        emit(.metric) {
            $0.name = metric.qualifiedName
            $0.value = metric.value
            $0.step = step
            $0.epoch = epoch
        }
    }

    private func epochEnded(_ report: StepReport) {
        let percent = Self.rounded(report.progress * 100)
        say("#progress_metric: host=algo-1, completed \(percent) % of epochs")
        let rate = Self.rounded(epoch.recordsPerSecond)
        say("#throughput_metric: host=algo-1, train throughput=\(rate) records/second")
        let begin = Date().timeIntervalSince1970 - epoch.seconds
        sayMetrics(nil, epoch: report.epoch, from: begin, ["update.time": epoch])
        epoch = StepTally()
    }

    private func sayMetrics(
        _ algorithm: String?, epoch: Int?, from begin: Double, _ timers: [String: StepTally]
    ) {
        var dimensions = ["Host": "algo-1", "Operation": "training"]
        dimensions["Algorithm"] = algorithm
        dimensions["epoch"] = epoch.map(String.init)
        let line = MetricsLine(
            StartTime: begin, EndTime: Date().timeIntervalSince1970, Dimensions: dimensions,
            Metrics: timers.mapValues(\.summary))
        guard let json = try? encoder.encode(line) else { return }
        say("#metrics " + String(decoding: json, as: UTF8.self))
    }

    private static func text(_ metric: Metric) -> String {
        "\(metric.channel) \(metric.loggedName) <\(metric.tag.rawValue)>=\(metric.value)"
    }

    private static func rounded(_ value: Double) -> String {
        value.isFinite ? String((value * 10).rounded() / 10) : String(value)
    }
}

/// A step that all ranks agreed on.
struct CommittedStep {
    var report: StepReport
    var commit: CommitRecord
    var seconds: Double
}

/// Steps counted and timed.
private struct StepTally {
    var count = 0
    var records = 0
    var seconds = 0.0
    var minSeconds = Double.infinity
    var maxSeconds = 0.0

    init() {}
    init(milliseconds: Double) {
        count = 1
        seconds = milliseconds / 1000
        minSeconds = seconds
        maxSeconds = seconds
    }

    mutating func add(_ report: StepReport, _ stepSeconds: Double) {
        count += 1
        records += report.recordCount
        seconds += stepSeconds
        minSeconds = min(minSeconds, stepSeconds)
        maxSeconds = max(maxSeconds, stepSeconds)
    }

    var recordsPerSecond: Double { seconds > 0 ? Double(records) / seconds : 0 }

    /// In milliseconds, as SageMaker's algorithms log timers.
    var summary: MetricsLine.Timer {
        MetricsLine.Timer(
            sum: seconds * 1000, count: count, min: (count > 0 ? minSeconds : 0) * 1000,
            max: maxSeconds * 1000)
    }
}

/// The JSON of a `#metrics` line; member names are SageMaker's.
private struct MetricsLine: Encodable {
    struct Timer: Encodable {
        var sum: Double
        var count: Int
        var min: Double
        var max: Double
    }
    var StartTime: Double
    var EndTime: Double
    var Dimensions: [String: String]
    var Metrics: [String: Timer]
}
