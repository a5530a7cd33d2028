import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import SageMakerShapes

struct AlgorithmsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "algorithms",
        abstract: "Shows the algorithms and what their jobs may say.",
        subcommands: [List.self, Describe.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the built-in algorithms.")

        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let answer = try await cluster.withClient { try await $0.listAlgorithms() }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(answer)
            case .text:
                var table = TextTable([("NAME", .left), ("SUMMARY", .left)])
                for algorithm in answer.algorithms {
                    table.add([algorithm.algorithmName, algorithm.summary])
                }
                StandardStreams.output(table.text)
            }
        }
    }

    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an algorithm's hyperparameters, channels and metrics.",
            discussion: """
                Example:
                  lockstep algorithms describe linear-learner
                """)

        @Argument(help: "The algorithm's name.")
        var name: String
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let answer = try await cluster.withClient { try await $0.describeAlgorithm(name) }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(answer)
            case .text: StandardStreams.output(AlgorithmSheet(answer).text)
            }
        }
    }
}

extension AlgorithmSheet {
    init(_ algorithm: AlgorithmDescription) {
        self.init(
            name: algorithm.algorithmName, summary: algorithm.summary,
            hyperparameters: algorithm.hyperParameters.map {
                Hyperparameter(
                    name: $0.name, defaultValue: $0.defaultValue, isRequired: $0.isRequired,
                    requirement: $0.values, summary: $0.summary)
            },
            channels: algorithm.channels.map { ($0.channelName, $0.isRequired, $0.summary) },
            metrics: algorithm.metrics.map { ($0.metricName, $0.direction) })
    }
}
