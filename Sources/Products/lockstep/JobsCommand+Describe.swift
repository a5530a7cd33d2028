import APIClient
import ArgumentParser
import CommandLineEntry
import Diagnostics
import SageMakerShapes

extension JobsCommand {
    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows everything about a job.",
            discussion: """
                --output json prints DescribeTrainingJob's answer, with ModelHash, TrainingProgress and \
                Attempts added to SageMaker's members.

                Examples:
                  lockstep jobs describe digits
                  lockstep jobs describe digits --output json
                """)

        @OptionGroup var target: Target
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let json = try await cluster.withClient { try await $0.describeTrainingJobJSON(target.name) }
            switch cluster.output {
            case .json: try OutputFormat.printJSON(json)
            case .text: StandardStreams.output(try JobSheet(json).text)
            }
        }
    }
}
