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

/// An algorithm on one page, for people.
struct AlgorithmSheet {
    let algorithm: AlgorithmDescription

    init(_ algorithm: AlgorithmDescription) { self.algorithm = algorithm }

    var text: String {
        var parameters = TextTable([
            ("HYPERPARAMETER", .left), ("DEFAULT", .left), ("MUST BE", .left), ("MEANS", .left),
        ])
        for parameter in algorithm.hyperParameters {
            let fallback = parameter.isRequired ? "(required)" : parameter.defaultValue ?? ""
            parameters.add([parameter.name, fallback, parameter.values, parameter.summary])
        }
        var channels = TextTable([("CHANNEL", .left), ("", .left), ("HOLDS", .left)])
        for channel in algorithm.channels {
            channels.add([
                channel.channelName, channel.isRequired ? "required" : "optional", channel.summary,
            ])
        }
        var metrics = TextTable([("METRIC", .left), ("BETTER WHEN", .left)])
        for metric in algorithm.metrics {
            metrics.add([metric.metricName, metric.direction == "minimize" ? "smaller" : "larger"])
        }
        return [
            "\(algorithm.algorithmName): \(algorithm.summary)", parameters.text, channels.text, metrics.text,
        ]
        .joined(separator: "\n\n")
    }
}
