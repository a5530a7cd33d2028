import CommandLineEntry
import Diagnostics
import SageMakerShapes

/// Shows a running job: a line that redraws itself on a terminal, else a line whenever there is news.
struct ProgressDisplay {
    enum Style { case automatic, errorStream }

    private let isRedrawn: Bool
    private let isOnErrorStream: Bool
    private var timeLeft = TimeLeft()
    private let clockStart = ContinuousClock().now
    /// What was last printed, where lines stay.
    private var lastPhase: String?
    private var lastTenth = -1
    private var isAbsenceTold = false

    init(style: Style) {
        isRedrawn = style == .automatic && Terminal.isInteractive
        isOnErrorStream = style == .errorStream
    }

    mutating func show(_ description: TrainingJobDescription, at now: ContinuousClock.Instant) {
        isAbsenceTold = false
        let message = description.secondaryStatusTransitions.last?.statusMessage
        let isTraining = description.secondaryStatus == "Training"
        // Only before and after training does the message say more than the phase.
        let phase =
            isTraining || message == nil
            ? description.secondaryStatus : "\(description.secondaryStatus): \(message ?? "")"
        var line = ProgressLine(title: description.trainingJobName, phase: phase)
        if isTraining {
            let progress = description.trainingProgress
            line.fraction = progress?.fraction
            line.loss = progress?.loss
            line.samplesPerSecond = progress?.samplesPerSecond
            line.step = description.progressInfo?.currentStep
            if let fraction = progress?.fraction {
                line.secondsLeft = timeLeft.observe(
                    seconds: clockStart.duration(to: now) / .seconds(1), fraction: fraction)
            }
        }
        if isRedrawn {
            redraw(line.text(width: Terminal.width - 1))
        } else {
            printNews(line, phase: description.secondaryStatus + (isTraining ? "" : message ?? ""))
        }
    }

    /// Says once that no coordinator answers.
    mutating func showAbsence(of url: String) {
        guard !isAbsenceTold else { return }
        isAbsenceTold = true
        let text = "no answer from \(url); the job goes on, waiting for its coordinator to come back"
        if isRedrawn { redraw(String(text.prefix(Terminal.width - 1))) } else { show(text) }
    }

    /// Takes the redrawn line away.
    mutating func finish() {
        if isRedrawn { StandardStreams.outputPart("\r\u{1B}[K") }
    }

    private func redraw(_ text: String) { StandardStreams.outputPart("\r" + text + "\u{1B}[K") }

    private func show(_ text: String) {
        if isOnErrorStream { StandardStreams.error(text) } else { StandardStreams.output(text) }
    }

    private mutating func printNews(_ line: ProgressLine, phase: String) {
        let tenth = Int((line.fraction ?? 0) * 10)
        guard phase != lastPhase || tenth != lastTenth else { return }
        lastPhase = phase
        lastTenth = tenth
        show(line.plain)
    }
}
