import AlgorithmSpecs
import Checkpoints
import Diagnostics
import Foundation
import JobSpecs
import SageMakerShapes

/// Takes steps of a job again with the program that trained it (`lockstep-train` for a built-in), which has
/// the numerics that this one does without, and compares each commit with the job's history.
struct VerifyReplay {
    let locations: JobLocations
    let steps: ClosedRange<Int>
    /// Ranks to take them with; more than one need `mpirun`.
    let ranks: Int
    /// Entry point of the user's own program; `nil` for a built-in.
    let program: [String]?

    /// What a replay found.
    struct Finding: Codable {
        var folder: String
        /// Step of the state that it began with.
        var fromStep: Int
        var firstStep: Int
        var lastStep: Int
        /// Commits that were compared.
        var comparedCommits: Int
        /// The first one that is not as the history has it.
        var firstDifferingStep: Int?
        /// Hash of the model that the last step gave; `nil` where the steps do not reach to the job's last.
        var modelHash: String?
        /// Whether that is the hash of the job's model.
        var isOtherModel = false
        /// One sentence.
        var verdict: String
    }

    /// - Throws: `LockstepError(.usage)` for steps that the job has not taken; the child's error.
    func run() throws -> Finding {
        let history = try JobVerifier(locations).history()
        let known = history.steps.dropFirst()
        guard let first = known.first, let last = known.last, first <= steps.lowerBound,
            steps.upperBound <= last
        else {
            throw LockstepError(
                .usage,
                "--replay \(steps.lowerBound)..\(steps.upperBound): the job has steps "
                    + "\(known.first ?? 0) to \(known.last ?? 0)")
        }
        var finding = Finding(
            folder: locations.jobFolder, fromStep: 0, firstStep: steps.lowerBound,
            lastStep: steps.upperBound, comparedCommits: 0, verdict: "")
        for line in try replayedLines() {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "from" { finding.fromStep = Int(words[1]) ?? 0 }
            if words.count == 2, words[0] == "model" { finding.modelHash = String(words[1]) }
            guard words.count == 3, let step = Int(words[0]), let samples = Int(words[1]) else { continue }
            finding.comparedCommits += 1
            guard let record = history[step], finding.firstDifferingStep == nil else { continue }
            let expected = CheckpointDescription.hexadecimal(record.stateHash)
            guard expected != words[2] || record.samples != samples else { continue }
            finding.firstDifferingStep = step
            finding.verdict =
                "step \(step) taken again gives state \(words[2]) after \(samples) records, but the history "
                + "has \(expected) after \(record.samples)"
        }
        guard finding.firstDifferingStep == nil else { return finding }
        guard finding.comparedCommits == steps.upperBound - finding.fromStep else {
            throw LockstepError(.bug, "the replay took \(finding.comparedCommits) steps only")
        }
        finding.verdict =
            "steps \(finding.fromStep + 1) to \(steps.upperBound) taken again from the state of step "
            + "\(finding.fromStep): all \(finding.comparedCommits) commits are equal"
        try compareModel(&finding)
        return finding
    }

    /// The job's last step must end in its model.
    private func compareModel(_ finding: inout Finding) throws {
        guard let replayed = finding.modelHash else { return }
        guard let model = try JobVerifier(locations).modelHash() else {
            finding.verdict += "; the job has no model to compare with \(replayed)"
            return
        }
        finding.isOtherModel = model != replayed
        finding.verdict =
            finding.isOtherModel
            ? "the steps taken again end in model \(replayed), but \(locations.modelArtifact) holds \(model)"
            : finding.verdict + ", and they end in the job's model"
    }

    private func replayedLines() throws -> [Substring] {
        let trainer = try program ?? builtInTrainer()
        var words =
            trainer + [
                "replay", locations.jobFolder, "--steps", "\(steps.lowerBound)..\(steps.upperBound)",
                "--checkpoints", locations.checkpointFolder,
            ]
        if ranks > 1 { words = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\(ranks)"] + words }
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        child.arguments = words
        let output = Pipe()
        child.standardOutput = output
        do {
            try child.run()
        } catch {
            throw LockstepError(.io, "cannot run \(words[0])", cause: error)
        }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        guard child.terminationReason == .exit, child.terminationStatus == 0 else {
            throw LockstepError(
                child.terminationStatus == 73 ? .conflict : .io,
                "the steps could not be taken again: \(trainer.joined(separator: " ")) replay ended with "
                    + "status \(child.terminationStatus); its own line above says why")
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    private func builtInTrainer() throws -> [String] {
        let algorithm = try JobVerifier(locations).identity()?.fields["algorithm"]
        if let algorithm, !AlgorithmSpec.builtIns.contains(where: { $0.name == algorithm }) {
            throw LockstepError(
                .usage,
                "\(locations.jobFolder) was trained by algorithm \(algorithm), which is not built in: name "
                    + "the program that has it with --program PATH")
        }
        return [try SiblingProgram.path("lockstep-train")]
    }
}
