import Diagnostics
public import JobSpecs
public import Storage

/// Checks a job's files against each other: model, checkpoints, history.
public struct JobVerifier: Sendable {
    let locations: JobLocations
    private let key: ClusterPublicKey?
    private let mustBeSigned: Bool

    /// - Parameters:
    ///   - key: of the cluster that ran the job, where it is known.
    ///   - mustBeSigned: whether a certificate without that key's signature is a problem.
    public init(_ locations: JobLocations, key: ClusterPublicKey? = nil, mustBeSigned: Bool = false) {
        self.locations = locations
        self.key = key
        self.mustBeSigned = mustBeSigned
    }

    /// Reads everything that is there and checks it: each checkpoint's files against their checksums
    /// and the state against its hash, the history for gaps, every digest against the history.
    ///
    /// - Throws: `LockstepError(.notFound)` when there is nothing to check. What is wrong with the
    ///   files is no error but a finding.
    public func verify() throws -> JobVerification { try examine().verification }

    /// Checks the checkpoints alone.
    public func checkpoints() throws -> [JobVerification.CheckpointFinding] {
        try findings(history: nil, job: "")
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
        let historyPath = locations.historyFolder + "/" + CommitHistory.fileName
        let hasHistory = try FileSystem.kind(of: historyPath) != nil
        var history: CommitHistory?
        if hasHistory {
            history = Self.finding(&verification.problems) { try CommitHistory(reading: historyPath) }
        }
        let lines =
            Self.finding(&verification.problems) { try AttemptLine.all(in: locations.historyFolder) } ?? []
        let job = lines.last?.job ?? folderName
        verification.checkpoints = try findings(history: history, job: job)
        verification.problems += verification.checkpoints.compactMap(\.problem)
        verification.setAside = try CheckpointStore(folder: locations.checkpointFolder).setAside()
        let hasModel = try FileSystem.kind(of: locations.modelArtifact) != nil
        let copy = locations.historyFolder + "/" + Certificate.fileName
        let hasCertificate = try FileSystem.kind(of: copy) != nil
        guard hasHistory || hasModel || hasCertificate || !verification.checkpoints.isEmpty else {
            throw LockstepError(
                .notFound, "\(locations.jobFolder) holds no model, no checkpoint and no history to verify")
        }
        if !hasHistory { verification.problems.append("\(historyPath) is missing") }
        var model: ModelDescription?
        if hasModel { model = Self.finding(&verification.problems) { try checkModel(history) } }
        verification.modelHash = model?.modelHash
        if let history { try examine(history, lines, &verification) }
        var certificate = CertificateCheck(
            locations: locations, key: key, mustBeSigned: mustBeSigned, job: job)
        certificate.run(model: model, hasModel: hasModel, history: history)
        verification.problems += certificate.problems
        verification.proof = certificate.proof
        if let first = verification.firstStep, first > 0 {
            verification.proof.missing.append(
                "the commits before step \(first): they are in the history of the job that went before")
        }
        return Examination(verification: verification, history: history)
    }

    private var folderName: String {
        locations.jobFolder.split(separator: "/").last.map(String.init) ?? ""
    }

    /// Who took which steps, and with which records.
    private func examine(
        _ history: CommitHistory, _ lines: [AttemptLine], _ verification: inout JobVerification
    ) throws {
        if let last = history.records.last {
            verification.firstStep = history.steps.lowerBound
            verification.lastStep = last.step
            verification.chainDigest = history.digest(upTo: last.step)?.hexadecimal
        }
        for record in history.records where record.world != verification.worlds.last {
            verification.worlds.append(record.world)
        }
        verification.attempts = AttemptFinding.all(lines, lastStep: history.steps.upperBound - 1)
        verification.problems += verification.attempts.compactMap { $0.problem(in: history) }
        if lines.isEmpty, !history.records.isEmpty {
            verification.problems.append(
                "\(locations.historyFolder)/\(AttemptLine.fileName) is missing or tells of no attempt")
        }
        guard !history.records.isEmpty, let identity = try identity() else { return }
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

    /// Hash of the job's model; `nil` without one.
    ///
    /// - Throws: `LockstepError(.damaged)` when the model does not have the hash in its description.
    public func modelHash() throws -> String? {
        guard try FileSystem.kind(of: locations.modelArtifact) != nil else { return nil }
        return try ModelArtifact(reading: locations.modelArtifact).description.modelHash
    }

    /// The job's commits.
    ///
    /// - Throws: `LockstepError(.notFound)` without any, `.damaged` for a history that is not whole.
    public func history() throws -> CommitHistory {
        try CommitHistory(reading: locations.historyFolder + "/" + CommitHistory.fileName)
    }

    private func checkModel(_ history: CommitHistory?) throws -> ModelDescription {
        let path = locations.modelArtifact
        let description = try ModelArtifact(reading: path).description
        if let stranger = try ModelArtifact.stranger(in: path) {
            throw LockstepError(.damaged, "\(path) holds more than the model: \(stranger)")
        }
        let digest = history?.digest(upTo: description.step)?.hexadecimal
        guard history == nil || digest == description.chainDigest else {
            throw LockstepError(
                .damaged,
                "\(path) was trained with \(description.step) steps, to which the history does not lead")
        }
        return description
    }

    /// - Parameter job: whose checkpoints have to fit the history; others may lie among them.
    private func findings(
        history: CommitHistory?, job: String
    ) throws -> [JobVerification.CheckpointFinding] {
        let store = CheckpointStore(folder: locations.checkpointFolder)
        let attempts = locations.historyFolder + "/" + AttemptLine.fileName
        let record = try? AtomicFile.read(attempts)
        var before: Checkpoint?
        return try store.steps().map { step in
            var finding = JobVerification.CheckpointFinding(step: step, path: store.path(step: step))
            do {
                let (checkpoint, description, chain) = try store.readWithChain(step: step)
                finding.world = description.world
                finding.stateHash = description.stateHash
                finding.created = description.created
                let isOwn = description.job == job
                if let history, !Self.leads(history, to: checkpoint, isOwn: isOwn) {
                    finding.problem = "the history does not lead to \(finding.path)"
                } else if let before, let digest = chain.digest(upTo: before.commit.step),
                    digest != before.digest
                {
                    finding.problem =
                        "\(finding.path) does not follow from the checkpoint of step \(before.commit.step)"
                } else if history != nil, isOwn, let seal = description.attempts,
                    !(record.map { seal.isBeginning(of: $0) } ?? false)
                {
                    finding.problem = "\(attempts) is not as it was when \(finding.path) was written"
                }
                before = checkpoint
            } catch let error as LockstepError {
                finding.problem = error.description
            }
            return finding
        }
    }

    /// Whether a job's history leads to a checkpoint. Of steps before it, and of those that another job took
    /// after it, a history knows nothing.
    private static func leads(_ history: CommitHistory, to checkpoint: Checkpoint, isOwn: Bool) -> Bool {
        let step = checkpoint.commit.step
        if let digest = history.digest(upTo: step) { return digest == checkpoint.digest }
        return step < history.firstStep || !isOwn
    }

    /// Runs a check; what is damaged, or cannot be read, becomes a finding.
    private static func finding<Value>(_ problems: inout [String], _ check: () throws -> Value) -> Value? {
        do {
            return try check()
        } catch {
            problems.append("\(error)")
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
