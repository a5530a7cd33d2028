import Diagnostics
public import SageMakerShapes
import Storage

/// Checks a job's files against each other: model, checkpoints, history.
public struct JobVerifier: Sendable {
    private let locations: JobLocations

    public init(_ locations: JobLocations) { self.locations = locations }

    /// Reads everything that is there and checks it: each checkpoint's files against their checksums
    /// and the state against its hash, the history for gaps, every digest against the history.
    ///
    /// - Throws: `LockstepError(.notFound)` when there is nothing to check. What is wrong with the
    ///   files is no error but a finding.
    public func verify() throws -> JobVerification { try examine().verification }

    /// Checks the checkpoints alone.
    public func checkpoints() throws -> [JobVerification.CheckpointFinding] {
        try findings(history: nil)
    }

    /// Compares this job with another: step by step where both have a history, then the models.
    public func compare(with other: JobVerifier) throws -> JobComparison {
        let (first, second) = (try examine(), try other.examine())
        let steps = first.steps.clamped(to: second.steps)
        let differing = steps.first { step in
            guard let a = first.history?[step], let b = second.history?[step] else { return false }
            return a.stateHash != b.stateHash || a.samples != b.samples
        }
        var comparison = JobComparison(
            first: first.verification, second: second.verification, comparedCommits: steps.count,
            firstDifferingStep: differing, isEqual: false, verdict: "")
        comparison.settle()
        return comparison
    }

    private struct Examination {
        var verification: JobVerification
        var history: CommitHistory?
        var steps: Range<Int> { history?.steps ?? 0..<0 }
    }

    private func examine() throws -> Examination {
        var verification = JobVerification(
            folder: locations.jobFolder, checkpoints: [], setAside: [], worlds: [], problems: [])
        let store = CheckpointStore(folder: locations.checkpointFolder)
        var history: CommitHistory?
        let historyPath = locations.historyFolder + "/" + CommitHistory.fileName
        let hasHistory = try FileSystem.kind(of: historyPath) != nil
        if hasHistory {
            history = try Self.finding(&verification.problems) { try CommitHistory(reading: historyPath) }
        }
        verification.checkpoints = try findings(history: history)
        verification.problems += verification.checkpoints.compactMap(\.problem)
        verification.setAside = try store.setAside()
        let hasModel = try FileSystem.kind(of: locations.modelArtifact) != nil
        guard hasHistory || hasModel || !verification.checkpoints.isEmpty else {
            throw LockstepError(
                .notFound, "\(locations.jobFolder) holds no model, no checkpoint and no history to verify")
        }
        if !hasHistory { verification.problems.append("\(historyPath) is missing") }
        if hasModel {
            verification.modelHash = try Self.finding(&verification.problems) { try checkModel(history) }
        }
        if let history, let last = history.records.last {
            verification.firstStep = history.steps.lowerBound
            verification.lastStep = last.step
            verification.chainDigest = history.digest(upTo: last.step)?.hexadecimal
            for record in history.records where record.world != verification.worlds.last {
                verification.worlds.append(record.world)
            }
            try examineAttempts(history, &verification)
        }
        return Examination(verification: verification, history: history)
    }

    /// Who took which steps, and with which records.
    private func examineAttempts(_ history: CommitHistory, _ verification: inout JobVerification) throws {
        verification.attempts = AttemptFinding.all(
            try AttemptLine.all(in: locations.historyFolder), lastStep: history.steps.upperBound - 1)
        verification.problems += verification.attempts.compactMap { $0.problem(in: history) }
        guard let identity = try identity() else { return }
        verification.records = RecordAudit(identity, history)
        verification.problems += verification.records?.problems ?? []
    }

    /// What decides the job's mathematics, as its model or its newest readable checkpoint tells it.
    public func identity() throws -> JobIdentity? {
        if let model = try? ModelArtifact(reading: locations.modelArtifact) {
            return model.description.identity
        }
        let store = CheckpointStore(folder: locations.checkpointFolder)
        for step in try store.steps().reversed() {
            if let description = try? store.description(step: step) { return description.identity }
        }
        return nil
    }

    /// The job's commits.
    ///
    /// - Throws: `LockstepError(.notFound)` without any, `.damaged` for a history that is not whole.
    public func history() throws -> CommitHistory {
        try CommitHistory(reading: locations.historyFolder + "/" + CommitHistory.fileName)
    }

    private func checkModel(_ history: CommitHistory?) throws -> String {
        let description = try ModelArtifact(reading: locations.modelArtifact).description
        let digest = history?.digest(upTo: description.step)?.hexadecimal
        guard history == nil || digest == description.chainDigest else {
            throw LockstepError(
                .damaged,
                "\(locations.modelArtifact) was trained with \(description.step) steps, to which the history "
                    + "does not lead")
        }
        return description.modelHash
    }

    private func findings(history: CommitHistory?) throws -> [JobVerification.CheckpointFinding] {
        let store = CheckpointStore(folder: locations.checkpointFolder)
        return try store.steps().map { step in
            var finding = JobVerification.CheckpointFinding(step: step, path: store.path(step: step))
            do {
                let (checkpoint, description) = try store.read(step: step)
                finding.world = description.world
                finding.stateHash = description.stateHash
                finding.created = description.created
                if let history, history.digest(upTo: step) != checkpoint.digest {
                    finding.problem = "the history does not lead to \(finding.path)"
                }
            } catch let error as LockstepError where error.code == .damaged {
                finding.problem = error.description
            }
            return finding
        }
    }

    /// Runs a check; damage becomes a finding.
    private static func finding<Value>(_ problems: inout [String], _ check: () throws -> Value) throws
        -> Value?
    {
        do {
            return try check()
        } catch let error as LockstepError where error.code == .damaged {
            problems.append(error.description)
            return nil
        }
    }
}

extension JobComparison {
    /// Comes to the verdict.
    fileprivate mutating func settle() {
        let commits = comparedCommits == 1 ? "1 commit" : "\(comparedCommits) commits"
        if !first.isGood || !second.isGood {
            let bad = first.isGood ? second.folder : first.folder
            verdict = "\(bad) does not check out, so the two cannot be compared"
        } else if let firstDifferingStep {
            verdict = "the jobs differ: after step \(firstDifferingStep) their states are not the same"
        } else if let a = first.modelHash, let b = second.modelHash {
            isEqual = a == b && first.lastStep == second.lastStep
            verdict =
                isEqual
                ? "the models are the same bits; \(commits) compared step by step, all equal"
                : "the models differ, though the \(commits) that both have are equal"
        } else if first.modelHash == nil, second.modelHash == nil {
            isEqual = first.lastStep == second.lastStep
            verdict =
                "neither job has a model yet; the \(commits) that both have are equal"
        } else {
            let unfinished = first.modelHash == nil ? first.folder : second.folder
            verdict = "\(unfinished) has no model yet; the \(commits) that both have are equal"
        }
    }
}
