import Checkpoints
import Diagnostics

/// How `verify` and `checkpoints` put what they found into words.
enum VerificationOutput {
    static func printText(_ verification: JobVerification) {
        var lines = [verification.folder]
        lines.append("  model        " + (verification.modelHash ?? "none that checks out"))
        let steps = verification.checkpoints.filter { $0.problem == nil }.map { String($0.step) }
        lines.append(
            "  checkpoints  " + (steps.isEmpty ? "none" : "of steps " + steps.joined(separator: ", ")))
        if !verification.setAside.isEmpty {
            lines.append("  set aside    " + verification.setAside.joined(separator: ", "))
        }
        if let first = verification.firstStep, let last = verification.lastStep {
            let worlds = verification.worlds.map(String.init).joined(separator: ", then ")
            lines.append("  history      steps \(first) to \(last), taken by worlds of \(worlds)")
        }
        lines += attemptLines(verification.attempts)
        if let records = verification.records { lines.append("  records      " + sentence(records)) }
        lines += proofLines(verification.proof)
        for problem in verification.problems { lines.append("  problem      \(problem)") }
        StandardStreams.output(lines.joined(separator: "\n"))
    }

    /// What the check is worth.
    private static func proofLines(_ proof: ProofFinding) -> [String] {
        let kinds = [("proved", proof.proved), ("claimed", proof.claimed), ("missing", proof.missing)]
        return kinds.flatMap { name, sentences in
            sentences.map { "  " + name + String(repeating: " ", count: 13 - name.count) + $0 }
        }
    }

    /// One line an attempt: who, which steps, from where, and how it ended.
    private static func attemptLines(_ attempts: [AttemptFinding]) -> [String] {
        attempts.enumerated().map { index, attempt in
            var words = index == 0 ? "  attempts     " : "               "
            words += "\(attempt.attempt): "
            if let first = attempt.firstStep, let last = attempt.lastStep {
                words += first == last ? "step \(first)" : "steps \(first) to \(last)"
            } else {
                words += "no step that counts"
            }
            words += " by \(attempt.world == 1 ? "1 rank" : "\(attempt.world) ranks")"
            if !attempt.workers.isEmpty { words += " on " + attempt.workers.joined(separator: ", ") }
            words += attempt.source == "start" ? ", from the start" : ", from the \(attempt.source)"
            if attempt.source != "start" { words += " of step \(attempt.resumedStep)" }
            return words + (attempt.isInterrupted ? "; interrupted" : "")
        }
    }

    private static func sentence(_ audit: RecordAudit) -> String {
        guard audit.problems.isEmpty else { return "not as they should be" }
        let epochs = audit.epochs == 1 ? "1 epoch" : "\(audit.epochs) epochs"
        if audit.stepsPerEpoch == 1 {
            return "one pass over all \(audit.records) a step; \(audit.comparedCommits) commits agree"
        }
        var text = "each of \(audit.records) used exactly once in each of \(epochs); "
        if audit.recomputedEpochs < audit.epochs {
            text += "the order recomputed for the first \(audit.recomputedEpochs); "
        }
        return text + "\(audit.comparedCommits) commits agree"
    }

    static func printText(_ findings: [JobVerification.CheckpointFinding]) {
        if findings.isEmpty { return StandardStreams.output("no checkpoints") }
        for finding in findings {
            let state = finding.problem == nil ? "good" : "damaged"
            let world = finding.world.map { "world \($0)" } ?? "world ?"
            StandardStreams.output(
                "step \(finding.step)  \(state)  \(world)  state \(finding.stateHash ?? "?")  \(finding.path)"
            )
        }
    }
}
