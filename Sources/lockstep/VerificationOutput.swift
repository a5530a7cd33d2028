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
        for problem in verification.problems { lines.append("  problem      \(problem)") }
        StandardStreams.output(lines.joined(separator: "\n"))
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
