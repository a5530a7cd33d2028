import APIClient
import ArgumentParser
import CommandLineEntry
import Foundation

/// Options of every command that asks the coordinator.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Address of the cluster's API (default: LOCKSTEP_ENDPOINT, else the cluster of `lockstep up`).",
            valueName: "url"))
    var endpoint: String?
    @Option(help: "Form of the output: text or json.")
    var output = OutputFormat.text

    /// What the caller says about it, before the cluster of `lockstep up` is looked for.
    var knownEndpoint: String? {
        endpoint ?? ProcessInfo.processInfo.environment["LOCKSTEP_ENDPOINT"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func withClient<Result>(_ body: (APIClient) async throws -> Result) async throws -> Result {
        try await APIClient.with(try APIEndpoint.find(option: endpoint), body)
    }
}
