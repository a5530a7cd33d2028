import ArgumentParser
import Checkpoints
import CommandLineEntry
import Diagnostics

struct CheckpointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoints",
        abstract: "Lists and checks the checkpoints of a job.",
        subcommands: [List.self, Verify.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the checkpoints of a job, each read and checked.")
        @OptionGroup var arguments: Arguments

        func run() async throws { try arguments.show(try await arguments.findings()) }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks every checkpoint of a job; fails when one is damaged.",
            discussion: "Exit status 76 when a checkpoint is damaged. By hand: sha256sum --check SHA256SUMS.")
        @OptionGroup var arguments: Arguments

        func run() async throws {
            let findings = try await arguments.findings()
            guard !findings.isEmpty else {
                throw LockstepError(.notFound, "job \(arguments.job) has no checkpoints to verify")
            }
            try arguments.show(findings)
            if let problem = findings.compactMap(\.problem).first { throw LockstepError(.damaged, problem) }
        }
    }

    struct Arguments: ParsableArguments {
        @Argument(help: "A job's name, or the path of its folder (with a '/').")
        var job: String
        @Option(help: "Address of the cluster's API; for jobs given by name.")
        var endpoint: String?
        @Option(help: "Form of the output: text or json.")
        var output = OutputFormat.text

        func findings() async throws -> [JobVerification.CheckpointFinding] {
            try JobVerifier(try await JobFolders.locations(of: job, endpoint: endpoint)).checkpoints()
        }

        func show(_ findings: [JobVerification.CheckpointFinding]) throws {
            switch output {
            case .text: VerificationOutput.printText(findings)
            case .json: try OutputFormat.printJSON(findings)
            }
        }
    }
}
