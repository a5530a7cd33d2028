import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import RequestSigning

struct EnvCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Prints the variables with which a shell's clients find the cluster.",
        discussion: """
            For `lockstep`, `aws`, boto3 and the other SDKs: endpoints, region and key. Where there is no \
            key, placeholders stand in for it, because AWS's clients insist on one; over the loopback the \
            coordinator's own user needs no more.

            Example:
              eval "$(lockstep env)"
              aws sagemaker list-training-jobs
            """)

    @Option(
        help: ArgumentHelp(
            "Address of the cluster's API (default: LOCKSTEP_ENDPOINT, else the cluster of `lockstep up`).",
            valueName: "url"))
    var endpoint: String?

    func run() throws {
        let endpoint = try APIEndpoint.find(option: endpoint)
        let key = endpoint.key ?? AccessKey(accessKeyID: "any", secretAccessKey: "any")
        let variables = [
            ("LOCKSTEP_ENDPOINT", endpoint.url), ("AWS_ENDPOINT_URL_SAGEMAKER", endpoint.url),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", endpoint.url), ("AWS_DEFAULT_REGION", endpoint.region),
            ("AWS_ACCESS_KEY_ID", key.accessKeyID), ("AWS_SECRET_ACCESS_KEY", key.secretAccessKey),
        ]
        StandardStreams.output(
            variables.map { "export \($0)=\(Self.quoted($1))" }.joined(separator: "\n"))
    }

    /// One word to a shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
