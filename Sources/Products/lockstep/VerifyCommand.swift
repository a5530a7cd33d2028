import ArgumentParser
import Checkpoints
import CommandLineEntry
import Diagnostics
import Foundation
import JobSpecs
import SageMakerShapes

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Proves that a job's files are whole, or that two jobs gave the same model.",
        discussion: """
            One job: the model against its hash, every checkpoint against its checksums, the history of \
            commits for gaps, and each against the others; who took which steps, and that each record was \
            used exactly once an epoch; all of it against the job's certificate. Told is what is proved \
            by the cluster's signature, what is only claimed, and what is missing. With --replay the named \
            steps are computed again on this machine, from the checkpoint before, and compared with the \
            history; the job's last step must end in its model. Two jobs: their commits step by step, then \
            their models, bit for bit. Of a script or an MPI program: its archives against its certificate.

            Exit status 0: all is well, or the jobs are equal. 1: the jobs, or the steps taken again, \
            differ. 76: something is damaged.

            Examples:
              lockstep verify digits
              lockstep verify digits --replay 101..120
              lockstep verify digits-killed digits-undisturbed
              lockstep verify /shared/output/digits /backup/digits --output json
              lockstep verify /backup/digits --public-key certificate.pub
            """)

    @Argument(help: "A job's name, or the path of its folder (with a '/').")
    var job: String
    @Argument(help: "A second job to compare with.")
    var other: String?
    @Option(help: "Address of the cluster's API; for jobs given by name.")
    var endpoint: String?
    @Option(help: "Steps A..B to compute again.", transform: StepRange.init)
    var replay: StepRange?
    @Option(help: "Ranks that compute them; more than one need mpirun.")
    var ranks = 1
    @Option(
        help:
            "Program of your own that trained the job, for --replay (default: as the cluster knows the job).")
    var program: String?
    @Option(
        name: .customLong("public-key"),
        help: "The cluster's key, certificate.pub: a job without its signature is then a problem.")
    var publicKey: String?
    @Option(help: "Form of the output: text or json.")
    var output = OutputFormat.text

    func validate() throws {
        guard replay == nil || other == nil else {
            throw ValidationError("--replay takes one job, not two")
        }
        guard program == nil || replay != nil else { throw ValidationError("--program goes with --replay") }
        guard (1...4096).contains(ranks) else { throw ValidationError("--ranks must be from 1 to 4096") }
    }

    func run() async throws {
        let found = try await JobFolders.find(job, endpoint: endpoint)
        try Self.checkHistory(of: found.locations)
        let key = try ClusterKeyFile.find(publicKey)
        func verifier(_ locations: JobLocations) -> JobVerifier {
            JobVerifier(locations, key: key, mustBeSigned: publicKey != nil)
        }
        if let replay {
            let program = program.map { [$0] } ?? found.program
            try show(
                try VerifyReplay(
                    locations: found.locations, steps: replay.steps, ranks: ranks, program: program
                ).run())
        } else if let other {
            let others = try await JobFolders.locations(of: other, endpoint: endpoint)
            try show(try verifier(found.locations).compare(with: verifier(others)))
        } else {
            try show(try verifier(found.locations).verify())
        }
    }

    /// Scripts and MPI programs commit in their own way.
    private static func checkHistory(of locations: JobLocations) throws {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: locations.jobFolder + "/history"),
            manager.fileExists(atPath: locations.jobFolder + "/programs")
        else { return }
        throw LockstepError(
            .usage,
            "\(locations.jobFolder) was trained by a script or an MPI program, which leaves "
                + "no history to verify: that is for built-in algorithms, or those made with LockstepTraining"
        )
    }

    private func show(_ finding: VerifyReplay.Finding) throws {
        if output == .json { try OutputFormat.printJSON(finding) }
        guard finding.firstDifferingStep == nil, !finding.isOtherModel else {
            throw LockstepError(.mismatch, finding.verdict)
        }
        if output == .text { StandardStreams.output(finding.verdict) }
    }

    private func show(_ comparison: JobComparison) throws {
        switch output {
        case .json: try OutputFormat.printJSON(comparison)
        case .text:
            VerificationOutput.printText(comparison.first)
            VerificationOutput.printText(comparison.second)
            if comparison.isEqual { StandardStreams.output(comparison.verdict) }
        }
        for verification in [comparison.first, comparison.second] where !verification.isGood {
            throw Self.damage(verification)
        }
        if !comparison.isEqual { throw LockstepError(.mismatch, comparison.verdict) }
    }

    private func show(_ verification: JobVerification) throws {
        switch output {
        case .json: try OutputFormat.printJSON(verification)
        case .text: VerificationOutput.printText(verification)
        }
        guard verification.isGood else { throw Self.damage(verification) }
        if output == .text { StandardStreams.output("everything checks out") }
    }

    private static func damage(_ verification: JobVerification) -> LockstepError {
        let first = verification.problems.first ?? "unknown"
        let others = verification.problems.count - 1
        return LockstepError(
            .damaged, first + (others > 0 ? " (and \(others) more; --output json has all)" : ""))
    }
}
