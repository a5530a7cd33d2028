import APIClient
import ArgumentParser
import CommandLineEntry

/// Options of every command that asks the coordinator.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address of the cluster's API (default: LOCKSTEP_ENDPOINT, else the cluster of `lockstep up`).",
            valueName: "url"))
    var endpoint: String?
    @Option(help: "Form of the output: text or json.")
    var output = OutputFormat.text

    func withClient<Result>(_ body: (APIClient) async throws -> Result) async throws -> Result {
        try await APIClient.with(try APIEndpoint.find(option: endpoint), body)
    }
}
